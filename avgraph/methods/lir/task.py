"""Teacher, dependency graph and student in one training ("Inferred Latent Interaction Graphs", Eq. 1-9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.methods.epoch_shuffle import EpochShuffle
from avgraph.methods.lir.branches import Branches, logits
from avgraph.methods.lir.clips import Clips, read_clips
from avgraph.methods.lir.measures import SPLITS, split_maps, split_metrics
from avgraph.methods.lir.network import ClipNetwork
from avgraph.methods.lir.objective import Objective
from avgraph.methods.lir.results import clip_concept_graph, graph_metrics
from avgraph.methods.lir.schedule import schedule_mistakes, teacher_epochs
from avgraph.methods.lir.teacher import Teacher
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.metrics import chance_average_precision
from avgraph.options.train import TrainOptions
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
        teacher_epochs: epochs before the graph; None is two fifths of all.
        interaction_weight: γ of Eq. 8; 0 leaves the regulariser out, the graph is inferred all the same.
        threshold, intra_weight, inter_weight, weighting: see `latent_interaction_loss`.
        dependencies: "inferred"; "given", the (concept, drives, concept) edges of the data; "random", as many edges of
            the same weights elsewhere; "identity", each class as heard with itself as seen.
        restarts, penalty_discount, l1, ridge, signs: see `infer_dependencies`.
        snapshot_epochs: further epochs after which a graph is inferred, for edge frequencies (Eq. 9) alone.
        insertion_epochs: M of further students, which are trained beside the first and differ in when their graph is
            inserted; with them a network without a graph (Fig. 4). See `Branches`.
        measure_every: epochs between measurements of MAP on validation and test clips during training; 0 for none.
    """

    def __init__(
        self,
        audio: str = "audio",
        visual: str = "visual",
        concept: str = "concept",
        hidden_channels: int = 256,
        layers: int = 3,
        dropout: float = 0.15,
        batch_size: int = 128,
        standardize: bool = True,
        loss: Literal["triplet", "hard_triplet", "contrastive", "n_pair"] = "triplet",
        margin: float = 1.2,
        proxies: bool = True,
        mask_own_pair: bool = False,
        semantic_alignment: bool = True,
        teacher_epochs: int | None = None,
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
        insertion_epochs: Sequence[int] = (),
        measure_every: int = 0,
    ) -> None:
        super().__init__()
        self.nodes = (audio, visual, concept)
        encoder = {"hidden_channels": hidden_channels, "layers": layers, "dropout": dropout}
        self.options: Any = {"proxies": proxies, "mask_own_pair": mask_own_pair, **encoder}
        self.batch_size, self.standardize = batch_size, standardize
        weights = {"intra_weight": intra_weight, "inter_weight": inter_weight}
        interaction = {"threshold": threshold, "weighting": weighting, **weights}
        self.objective = Objective(loss, margin, semantic_alignment, interaction_weight, interaction)
        self.teacher_epochs, self.insertion_epochs = teacher_epochs, sorted(set(insertion_epochs))
        self.snapshot_epochs, self.measure_every = sorted(set(snapshot_epochs)), measure_every
        search = {"restarts": restarts, "penalty_discount": penalty_discount, "l1": l1, "ridge": ridge, "signs": signs}
        self.teaching: Any = {"source": dependencies, "search": search}

    def bind(self, graph: HeteroData, train: TrainOptions) -> None:
        """Read the clips and build networks, proxies and the buffers of the teachers.

        Raises:
            GraphError: if the two modalities do not pair up, there is no training clip, an epoch of the schedule would
                never come, or a given graph is not there.
        """
        start = teacher_epochs(self.teacher_epochs, train.epochs)
        for option, message in schedule_mistakes(
            train.epochs, start, self.snapshot_epochs, self.insertion_epochs,
            regularised=self.objective.interaction_weight > 0,
        ):  # fmt: skip
            raise GraphError(f"lir: {option}: {message}")
        clips = read_clips(graph, self.nodes, standardize=self.standardize)
        super().bind(clips.graph, train)
        self.clips = clips
        self.network = ClipNetwork({name: x.shape[1] for name, x in clips.x.items()}, clips.classes, **self.options)
        given = dependency_matrix(graph, node=self.nodes[2]) if self.teaching["source"] == "given" else None
        shared = {"names": clips.names, "clips": len(clips.train), "given": given, **self.teaching}
        self.teacher = Teacher(epochs=start, snapshot_epochs=self.snapshot_epochs, **shared)
        others = {epoch: Teacher(epochs=epoch, **shared) for epoch in self.insertion_epochs}
        self.branches = Branches(self.network, start, others)
        self.seed = torch.initial_seed() % 2**32  # that of the run
        self._on: tuple[torch.device, torch.dtype] | None = None

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled numbers of training clips."""
        clips = torch.arange(len(self.clips.train))
        shuffle = EpochShuffle(len(clips), self.seed, lambda: self.current_epoch)
        return DataLoader(clips, batch_size=self.batch_size, sampler=shuffle)  # type: ignore[arg-type]

    def configure_optimizers(self) -> Any:
        """The declared optimizer; branches take over parts of its state."""
        found = super().configure_optimizers()
        self.optimizer = found["optimizer"] if isinstance(found, dict) else found
        return found

    def _placed(self) -> Clips:
        """The clips on the device and in the type of the weights."""
        weight = next(self.network.parameters())
        if self._on != (weight.device, weight.dtype):
            self.clips = self.clips.to(weight.device, weight.dtype)
            self._on = (weight.device, weight.dtype)
        return self.clips

    def embed(self, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Embeddings of clips (default: all), each modality by itself."""
        z_audio, z_visual = self.network(self._placed().features(rows))
        return z_audio, z_visual

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """One batch of the teacher (Eq. 2) or of the student (Eq. 8), and of every branch."""
        if batch_index == 0:
            self.infer_graphs()
        rows = self._placed().train[batch]
        x, y = self.clips.features(rows), self.clips.y[rows]
        others = self.branches.losses(self.current_epoch, self.objective, x, y, batch)
        parts = self.objective(self.network, x, y, self.teacher if self.teacher.ready else None, batch)
        own = torch.stack(list(parts.values())).sum()
        for name, value in {"loss": own, **parts, **{f"loss_{k}": v for k, v in others.items()}}.items():
            self._log(f"train/{name}", value, len(batch))
        return torch.stack([own, *others.values()]).sum()

    def _log(self, name: str, value: Tensor | float, batch_size: int) -> None:
        value = value.detach() if isinstance(value, Tensor) else value
        self.log(name, value, on_step=False, on_epoch=True, batch_size=batch_size)

    @torch.no_grad()
    def infer_graphs(self) -> None:
        """What is due after the epochs so far: a graph and its soft labels, a snapshot, the start of a branch."""
        epoch, seed = self.current_epoch, self.seed + self.current_epoch
        if self.branches.due(epoch):
            x = self._placed().features(self.clips.train)
            self.branches.begin(epoch, self.network, x, self.optimizer, seed)
        if self.teacher.due(epoch):
            x = self._placed().features(self.clips.train)
            self.teacher.infer(epoch, logits(self.network, x), seed)

    def on_train_batch_end(self, outputs: Any, batch: Tensor, batch_index: int) -> None:
        """MAP during training, where it is asked for."""
        last, done = self.trainer.is_last_batch, self.current_epoch + 1
        if self.measure_every and last and done % self.measure_every == 0:
            others = {f"map_{name}": network for name, network, _ in self.branches.active(self.current_epoch)}
            for name, network in {"map": self.network, **others}.items():
                for split, value in split_maps(network, self._placed()).items():
                    self._log(f"{split}/{name}", value, 1)

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Retrieval on validation and test clips by unimodal embeddings; with proxies also as ``batch_proxy``.

        In that protocol a query's embedding has seen its own pair in the gallery: it is not retrieval, and is here to
        compare with numbers so obtained. Of the graph: its edges, and where the data know the truth, their recovery. Of
        a branch: its MAP, as ``map_at_300`` and ``map_without``.
        """
        result = split_metrics(self.network, self._placed(), self.batch_size)
        for name, network, _ in self.branches.active():
            result |= {f"{split}/map_{name}": value for split, value in split_maps(network, self.clips).items()}
        if self.teacher.ready:
            truth = (self.nodes[2], "co_occurs", self.nodes[2])
            pairs = self.graph[truth].edge_index if truth in self.graph.edge_types else None
            result |= graph_metrics(self.teacher.weights.cpu(), pairs)
        return result

    def trivial(self) -> Trivial:
        """The average precision of chance; the loss of equal embeddings depends on the classes of each batch."""
        labels = {split: self.clips.y[self.clips.masks[split]] for split in SPLITS}
        chance = {split: chance_average_precision(y, y) for split, y in labels.items()}
        ways = ("map_audio_to_visual", "map_visual_to_audio")
        known = {f"{split}/{way}": value for split, value in chance.items() if value is not None for way in ways}
        return Trivial(metrics=known, prediction="chance")

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """Clips with embeddings, the concepts they activate, and the concepts that drive each other.

        ``frequency`` of a drives edge is the share of the search's starts that found it, ``snapshot_frequency`` that
        of the snapshots, whose own edges are (concept, drove, concept) with their ``epoch``.
        """
        z_audio, z_visual = (value.cpu() for value in self.embed())
        threshold, inserted = self.objective.interaction["threshold"], self.objective.interaction_weight > 0
        return clip_concept_graph(
            self.graph, self.nodes, (z_audio, z_visual), threshold, self.teacher, inserted=inserted
        )
