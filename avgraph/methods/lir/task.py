"""Teacher, dependency graph and student in one training ("Inferred Latent Interaction Graphs", Eq. 1-9)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.figures.figures import Draw
from avgraph.graph.vocabulary import show_edge
from avgraph.methods.epoch_shuffle import EpochShuffle
from avgraph.methods.headline import Headline
from avgraph.methods.lir.clips import Clips, read_clips
from avgraph.methods.lir.figures import clip_figures
from avgraph.methods.lir.headline import clip_headline
from avgraph.methods.lir.network import ClipNetwork
from avgraph.methods.lir.new_rows import clips_of_another, predict_clips, scaled
from avgraph.methods.lir.objective import batch_loss
from avgraph.methods.lir.options import LirOptions
from avgraph.methods.lir.results import SPLITS, clip_concept_graph, graph_metrics, split_metrics
from avgraph.methods.lir.teacher import Teacher
from avgraph.methods.predictions import Predictions
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.metrics import chance_average_precision
from avgraph.nn.precision import at_least_single
from avgraph.options.train import TrainOptions
from avgraph.runtime.ranks import own_rows, rank, take_from_first
from avgraph.tensors.rows import column_scale
from avgraph.transforms.dependency_edges import dependency_matrix

logger = logging.getLogger(__name__)


class LIRTask(Task):
    """Retrieval across audio and visual clips, with latent interactions found on the way.

    For ``teacher_epochs`` the encoders learn by AV-SAL and a metric loss. Then their soft labels are frozen, a DAG over
    the 2C columns of their logits is inferred once, and the same weights train on with the regulariser added. Soft
    labels and graph are buffers: a checkpoint has them, and a resumed run goes on as an unbroken one. Evaluation takes
    the embedding of one modality alone, never a proxy; the protocol with proxies is reported apart, as ``batch_proxy``.

    Args:
        options: what each does is said in `LirOptions`.
    """

    def __init__(self, options: LirOptions) -> None:
        super().__init__()
        self.options = options

    def bind(self, graph: HeteroData, train: TrainOptions, seed: int) -> None:
        """Read the clips and build networks, proxies and the buffers of the teacher.

        Raises:
            GraphError: if the two modalities do not pair up, there is no training clip, an epoch of the schedule would
                never come, or a given graph is not there.
        """
        options = self.options
        for option, message in options.training_mistakes(train.epochs):
            raise GraphError(f"lir: {option}: {message}")
        clips = read_clips(graph, options.nodes, standardize=options.standardize)
        super().bind(clips.graph, train, seed)
        self.clips = clips
        scaled = self.new_nodes() if options.standardize else ()
        self.scale = {node: column_scale(graph[node].x.float(), clips.train) for node in scaled}
        self.network = ClipNetwork({name: x.shape[1] for name, x in clips.x.items()}, clips.classes, options)
        self.own_graph = options.drives in graph.edge_types
        taken = options.resolved(self.own_graph).dependencies == "given"
        given = dependency_matrix(graph, node=options.concept) if taken else None
        self.starts = options.student_starts(train.epochs)
        self.teacher = Teacher(clips.names, len(clips.train), self.starts, options, given)

    def on_fit_start(self) -> None:
        """Say where the graph comes from, where the data have one."""
        if self.own_graph:
            source, edges = self.teacher.options.dependencies, show_edge(self.options.drives)
            if source == "given":
                logger.info("lir: the %s edges of the graph are the student's: nothing is inferred", edges)
            else:
                logger.warning("lir: dependencies: %s puts others in the place of the %s edges", source, edges)

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled numbers of training clips."""
        clips = torch.arange(len(self.clips.train))
        shuffle = EpochShuffle(len(clips), self.seed, lambda: self.current_epoch)
        return DataLoader(clips, batch_size=self.options.batch_size, sampler=shuffle)  # type: ignore[arg-type]

    def _placed(self) -> Clips:
        """The clips on the device and in the type of the weights."""
        weight = next(self.network.parameters())
        self.clips = self.clips.to(weight.device, weight.dtype)  # nothing is done where they are there already
        return self.clips

    def embed(self, rows: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Embeddings of clips (default: all), each modality by itself."""
        z_audio, z_visual = self.network(self._placed().features(rows))
        return z_audio, z_visual

    @torch.no_grad()
    def embedded(self, node: str, x: Tensor) -> Tensor:
        """Embeddings of new sounds or pictures, which are logits of the classes."""
        weight, x = next(self.network.parameters()), scaled(self, node, x)
        side = "audio" if node == self.options.audio else "visual"
        return at_least_single(self.network.encoder[side](x.to(weight.device, weight.dtype))).float().cpu()

    def take_graph(self, graph: HeteroData) -> None:
        """Retrieve among the clips of another data set of the same classes, features on the scale of the run's."""
        self.clips = clips_of_another(self, graph)
        self.graph = self.clips.graph

    def new_nodes(self) -> tuple[str, ...]:
        """Sounds and pictures."""
        return (self.options.audio, self.options.visual)

    def predict(self, new: HeteroData, steps: Sequence[Any]) -> Predictions:
        """The class of new sounds or pictures and the clips that are nearest to them; see `predict_clips`."""
        return predict_clips(self, new)

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """One batch of the teacher (Eq. 2) or of the student (Eq. 8)."""
        if batch_index == 0:
            self.infer_graphs()
        rows = self._placed().train[batch]
        teacher = self.teacher if self.teacher.ready else None
        x, y = self.clips.features(own_rows(rows)), self.clips.y[rows]
        done = (self.current_epoch - self.starts + 1) / max(1, self.train_options.epochs - self.starts)
        parts = batch_loss(self.options, self.network, x, y, teacher, batch, done)
        loss = torch.stack(list(parts.values())).sum()
        for name, value in {"loss": loss, **parts}.items():
            self.log(f"train/{name}", value.detach(), on_step=False, on_epoch=True, batch_size=len(batch))
        return loss

    @torch.no_grad()
    def infer_graphs(self) -> None:
        """What is due after the epochs so far: a graph and its soft labels, or a snapshot."""
        epoch = self.current_epoch
        if self.teacher.due(epoch):
            x = self._placed().features(self.clips.train)
            logits = self.network.logits(x)
            if rank() == 0:  # a search that ends by the clock would find another graph on every rank
                self.teacher.infer(epoch, logits, self.seed + epoch)
            for buffer in self.teacher.buffers():
                take_from_first(buffer)

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Retrieval on validation and test clips by unimodal embeddings; with proxies also as ``batch_proxy``.

        In that protocol a query's embedding has seen its own pair in the gallery: it is not retrieval, and is here to
        compare with numbers so obtained. Of the graph: its edges, and where the data know the truth, their recovery.
        """
        result = split_metrics(self.network, self._placed(), self.options.batch_size)
        if self.teacher.ready:
            truth = (self.options.concept, "co_occurs", self.options.concept)
            pairs = self.graph[truth].edge_index if truth in self.graph.edge_types else None
            result |= graph_metrics(self.teacher.weights.cpu(), pairs)
        return result

    def measure(self, split: str) -> dict[str, float]:
        """Retrieval on one split, without proxies."""
        return split_metrics(self.network, self._placed(), None, (split,))

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
        options = self.options
        return clip_concept_graph(
            self.graph,
            options.nodes,
            (z_audio, z_visual),
            options.threshold,
            self.teacher,
            inserted=options.interaction_weight > 0,
        )

    def headline(self, learned: HeteroData, metrics: Mapping[str, float]) -> Headline | None:
        """MAP of both directions beside chance; see `clip_headline`."""
        audio, visual, _ = self.options.nodes
        return clip_headline(learned[audio], learned[visual], metrics, self.trivial())

    def figures(self, learned: HeteroData, history: Sequence[Mapping[str, Any]]) -> dict[str, Draw]:
        """Graphs over training, curves and what test clips retrieve; see `clip_figures`."""
        return clip_figures(learned, history, self.options.nodes)
