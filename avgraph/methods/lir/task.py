"""Teacher, dependency graph and student in one training ("Inferred Latent Interaction Graphs", Eq. 1-9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData

from avgraph.config.train import TrainOptions
from avgraph.errors import GraphError
from avgraph.methods.lir.clips import Clips, read_clips
from avgraph.methods.lir.encoder import LogitEncoder
from avgraph.methods.lir.losses import LOSSES
from avgraph.methods.lir.results import clip_concept_graph, clip_metrics, graph_metrics, proxy_metrics
from avgraph.methods.lir.shuffle import EpochShuffle
from avgraph.methods.lir.teacher import Teacher
from avgraph.methods.task import Task
from avgraph.nn import CrossAttentionProxy, latent_interaction_loss, semantic_alignment_loss
from avgraph.transforms.dependency_edges import dependency_matrix


class LIRTask(Task):
    """Retrieval across audio and visual clips, with latent interactions found on the way.

    For ``teacher_epochs`` the encoders learn by AV-SAL and a metric loss. Then their soft labels are frozen, a DAG over
    the 2C columns of their logits is inferred once, and the same weights train on with the regulariser added. Soft
    labels and graph are buffers: a checkpoint has them, and a resumed run goes on as an unbroken one. Evaluation takes
    the embedding of one modality alone, never a proxy; the protocol with proxies is reported apart, as ``batch_proxy``.

    Args:
        audio, visual, concept: node types; node i of the first two is clip i. Concepts are made where there are none.
        hidden_channels, layers, dropout: see `LogitEncoder`.
        batch_size: clips per step.
        standardize: features to mean 0 and deviation 1 over the training clips.
        loss, margin, proxies, mask_own_pair: metric loss, on proxies by cross-attention or on the embeddings.
        semantic_alignment: add AV-SAL (Eq. 1).
        teacher_epochs: epochs before the graph.
        interaction_weight: γ of Eq. 8; 0 leaves the regulariser out, the graph is inferred all the same.
        threshold, intra_weight, inter_weight, weighting: see `latent_interaction_loss`.
        dependencies: "inferred"; "given", the (concept, drives, concept) edges of the data; "random", as many edges of
            the same weights elsewhere; "identity", each class as heard with itself as seen.
        restarts, penalty_discount, l1, ridge, signs: see `infer_dependencies`.
        snapshot_epochs: further epochs after which a graph is inferred, for edge frequencies (Eq. 9) alone.
    """

    def __init__(
        self,
        audio: str = "audio",
        visual: str = "visual",
        concept: str = "concept",
        hidden_channels: int = 1024,
        layers: int = 3,
        dropout: float = 0.15,
        batch_size: int = 400,
        standardize: bool = True,
        loss: Literal["triplet", "hard_triplet", "contrastive", "n_pair"] = "triplet",
        margin: float = 1.2,
        proxies: bool = True,
        mask_own_pair: bool = False,
        semantic_alignment: bool = True,
        teacher_epochs: int = 400,
        interaction_weight: float = 0.005,
        threshold: float = 0.5,
        intra_weight: float = 0.1,
        inter_weight: float = 0.4,
        weighting: Literal["hard", "soft"] = "hard",
        dependencies: Literal["inferred", "given", "random", "identity"] = "inferred",
        restarts: int = 5,
        penalty_discount: float = 1.0,
        l1: float = 0.0,
        ridge: float | None = None,
        signs: Literal["absolute", "positive"] = "absolute",
        snapshot_epochs: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.nodes = (audio, visual, concept)
        self.network: Any = {"hidden_channels": hidden_channels, "layers": layers, "dropout": dropout}
        self.batch_size, self.standardize = batch_size, standardize
        self.loss, self.margin = loss, margin
        self.use_proxies, self.mask_own_pair, self.semantic_alignment = proxies, mask_own_pair, semantic_alignment
        self.teacher_epochs, self.interaction_weight = teacher_epochs, interaction_weight
        weights = {"intra_weight": intra_weight, "inter_weight": inter_weight}
        self.interaction: Any = {"threshold": threshold, "weighting": weighting, **weights}
        search = {"restarts": restarts, "penalty_discount": penalty_discount, "l1": l1, "ridge": ridge, "signs": signs}
        self.teaching: Any = {"snapshot_epochs": snapshot_epochs, "source": dependencies, "search": search}

    def bind(self, graph: HeteroData, train: TrainOptions) -> None:
        """Read the clips and build encoders, proxies and the buffers of the teacher.

        Raises:
            GraphError: if the two modalities do not pair up, there is no training clip, the student would never start,
                or a given graph is not there.
        """
        if self.interaction_weight > 0 and train.epochs <= self.teacher_epochs:
            raise GraphError(
                f"lir: teacher_epochs is {self.teacher_epochs}, but train.epochs is {train.epochs}: the student never "
                "starts; lower method.teacher_epochs, or set method.interaction_weight to 0"
            )
        clips = read_clips(graph, self.nodes, standardize=self.standardize)
        super().bind(clips.graph, train)
        self.clips, c = clips, clips.classes
        self.encoder = nn.ModuleDict({name: LogitEncoder(x.shape[1], c, **self.network) for name, x in clips.x.items()})
        proxied = clips.x if self.use_proxies else ()
        self.proxy = nn.ModuleDict({x: CrossAttentionProxy(c, mask_own_pair=self.mask_own_pair) for x in proxied})
        given = dependency_matrix(graph, node=self.nodes[2]) if self.teaching["source"] == "given" else None
        self.teacher = Teacher(clips.names, len(clips.train), self.teacher_epochs, given=given, **self.teaching)
        self.seed = torch.initial_seed() % 2**32  # that of the run
        self._on: tuple[torch.device, torch.dtype] | None = None

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled numbers of training clips."""
        clips = torch.arange(len(self.clips.train))
        shuffle = EpochShuffle(len(clips), self.seed, lambda: self.current_epoch)
        return DataLoader(clips, batch_size=self.batch_size, sampler=shuffle)  # type: ignore[arg-type]

    def _placed(self) -> Clips:
        """The clips on the device and in the type of the weights."""
        weight = next(self.encoder.parameters())
        if self._on != (weight.device, weight.dtype):
            self.clips = self.clips.to(weight.device, weight.dtype)
            self._on = (weight.device, weight.dtype)
        return self.clips

    def embed(self, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Embeddings of clips (default: all), each modality by itself."""
        clips = self._placed()
        x = {name: value if rows is None else value[rows] for name, value in clips.x.items()}
        z_audio, z_visual = (self.encoder[name](value).float() for name, value in x.items())
        return z_audio, z_visual

    def proxies(self, z_audio: Tensor, z_visual: Tensor) -> tuple[Tensor, Tensor]:
        """What the metric loss sees in training: proxies, or the embeddings themselves."""
        if not self.use_proxies:
            return z_audio, z_visual
        return self.proxy["audio"](z_audio, z_visual).float(), self.proxy["visual"](z_visual, z_audio).float()

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """One batch of the teacher (Eq. 2) or of the student (Eq. 8)."""
        if batch_index == 0:
            self.infer_graphs()
        rows = self._placed().train[batch]
        y = self.clips.y[rows]
        z_audio, z_visual = self.embed(rows)
        parts = {"metric": LOSSES[self.loss](*self.proxies(z_audio, z_visual), y, margin=self.margin)}
        if self.semantic_alignment:
            truth = F.one_hot(y, self.clips.classes)
            parts["alignment"] = semantic_alignment_loss(z_audio.sigmoid(), z_visual.sigmoid(), truth)
        if self.interaction_weight > 0 and self.current_epoch >= self.teacher_epochs:
            soft, weights = self.teacher.soft[batch].chunk(2, 1), self.teacher.weights
            value = latent_interaction_loss(z_audio, z_visual, soft[0], soft[1], weights, **self.interaction)
            parts["interaction"] = self.interaction_weight * value
        total = torch.stack(list(parts.values())).sum()
        for name, value in {"loss": total, **parts}.items():
            self.log(f"train/{name}", value.detach(), on_step=False, on_epoch=True, batch_size=len(batch))
        return total

    @torch.no_grad()
    def infer_graphs(self) -> None:
        """What is due after the epochs so far: the graph of the student and its soft labels, or a snapshot."""
        if not self.teacher.due(self.current_epoch):
            return
        training = self.training
        logits = torch.cat(self.eval().embed(self._placed().train), 1)
        self.train(training)
        self.teacher.infer(self.current_epoch, logits, seed=self.seed + self.current_epoch)

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Retrieval on validation and test clips by unimodal embeddings; with proxies also as ``batch_proxy``.

        In that protocol a query's embedding has seen its own pair in the gallery: it is not retrieval, and is here to
        compare with numbers so obtained. Of the graph: its edges, and where the data know the truth, their recovery.
        """
        z = self.embed()
        result: dict[str, float] = {}
        for split in ("val", "test"):
            rows = self.clips.masks[split].nonzero()[:, 0]
            if len(rows):
                found = clip_metrics(z[0][rows], z[1][rows], self.clips.y[rows])
                if self.use_proxies:
                    batches = [self.proxies(z[0][part], z[1][part]) for part in rows.split(self.batch_size)]
                    found |= proxy_metrics(batches, self.clips.y[rows])
                result |= {f"{split}/{name}": value for name, value in found.items()}
        if self.teacher.ready:
            truth = (self.nodes[2], "co_occurs", self.nodes[2])
            pairs = self.graph[truth].edge_index if truth in self.graph.edge_types else None
            result |= graph_metrics(self.teacher.weights.cpu(), pairs)
        return result

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """Clips with embeddings, the concepts they activate, and the concepts that drive each other.

        ``frequency`` of a drives edge is the share of the search's starts that found it, ``snapshot_frequency`` that
        of the snapshots.
        """
        z_audio, z_visual = (z.cpu() for z in self.embed())
        weights = self.teacher.weights.cpu() if self.teacher.ready else None
        threshold, frequencies = self.interaction["threshold"], self.teacher.frequencies()
        return clip_concept_graph(self.graph, self.nodes, (z_audio, z_visual), threshold, weights, frequencies)
