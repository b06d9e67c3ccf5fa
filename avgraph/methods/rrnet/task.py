"""Training RR-Net on one graph: the loss over labelled candidate edges (Eq. 9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader
from torch_geometric.data import HeteroData

from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.epoch_shuffle import EpochShuffle
from avgraph.methods.explanation import ExplainOptions, Explanation
from avgraph.methods.headline import Headline
from avgraph.methods.predictions import Predictions
from avgraph.methods.rrnet.explain import explain_answer
from avgraph.methods.rrnet.features import edge_features, known_classes, node_features
from avgraph.methods.rrnet.labels import labelled_candidates
from avgraph.methods.rrnet.network import network_of
from avgraph.methods.rrnet.objective import candidate_loss
from avgraph.methods.rrnet.options import RrnetOptions
from avgraph.methods.rrnet.parts import ModelGraph
from avgraph.methods.rrnet.predicted import predict_nodes
from avgraph.methods.rrnet.probabilities import are_probabilities
from avgraph.methods.rrnet.results import edge_headline, edge_metrics, trivial_answer, with_answers
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.nn.distributed import gather_rows
from avgraph.nn.edges.sampling import incident_edges
from avgraph.options.train import TrainOptions
from avgraph.runtime.ranks import rank, shards


class RRNetTask(Task):
    """RR-Net as a training task: which target does each source node map to?

    Args:
        options: what each does is said in `RrnetOptions`.
    """

    def __init__(self, options: RrnetOptions) -> None:
        super().__init__()
        self.options = options
        self.inter = (options.source, "candidate", options.target)

    def bind(self, graph: HeteroData, train: TrainOptions, seed: int) -> None:
        """Find the intra and inter graphs and build the model.

        Raises:
            GraphError: if there are no labelled candidate edges.
        """
        super().bind(graph, train, seed)
        options, (source, _, target) = self.options, self.inter
        edges = labelled_candidates(graph, self.inter)
        intra = [kind for kind in graph.edge_types if kind[0] == kind[2] and kind[0] in (source, target)]
        self.starts_scored = options.baseline_logit and "edge_weight" in edges and are_probabilities(edges.edge_weight)
        self.attributes = {kind: edge_features(graph, kind, options) for kind in (*intra, self.inter)}
        widths = {node: node_features(graph, node, options).shape[1] for node in (source, target)}
        self.model = network_of(options, widths, self.inter, self.attributes, starts_scored=self.starts_scored)
        self._placed: tuple[torch.device, torch.dtype] | None = None

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over weights; what older runs hold of layers that nothing read is left out."""
        own, parts = self.state_dict(), ("model.edge_encoder.", "model.intra_units.")
        super().restore({name: value for name, value in state.items() if name in own or not name.startswith(parts)})

    def _place(self) -> None:
        """Bring the graph into the model's type, and to its device unless that holds batches only; once."""
        weight = self.model.decoder.last.weight
        device = torch.device("cpu") if self.options.batch_size else weight.device
        if self._placed == (device, weight.dtype):
            return
        self._placed = (device, weight.dtype)
        self.whole = ModelGraph.build(
            {
                node: node_features(self.graph, node, self.options).to(device, weight.dtype)
                for node in self.model.channels
            },
            {kind: self.graph[kind].edge_index.to(device) for kind in self.attributes},
            {kind: value.to(device, weight.dtype) for kind, value in self.attributes.items() if value is not None},
        )
        store = self.graph[self.inter]
        self.edge_y, self.edge_train = store.y.to(device), store.train_mask.to(device)
        if self.starts_scored:
            self.offset = store.edge_weight.to(device, weight.dtype).clamp_min(1e-6).log()

    def placed(self) -> ModelGraph:
        """The whole graph as the model is called with it."""
        self._place()
        return self.whole

    def forward(self) -> Float[Tensor, " e"]:
        """Logits of all candidate edges; in batches, where the experiment asks for them."""
        self._place()
        if not self.options.batch_size:
            logits = self.whole.logits(self.model)
            return logits + self.offset if self.starts_scored else logits
        of_source = self.whole.plans[self.inter].source
        found = torch.empty(len(of_source.index), dtype=self.model.decoder.last.weight.dtype)
        for number, nodes in enumerate(of_source.degree.nonzero()[:, 0].split(self.options.batch_size)):
            edges = incident_edges(nodes, [of_source])
            found[edges] = self._part(edges, nodes, np.random.default_rng([self.seed, number])).to(found)
        return found

    def _part(self, edges: Tensor, asked: Tensor, rng: np.random.Generator) -> Tensor:
        """Logits of all candidate edges of some source nodes, while the classes of those ``asked`` for are not known.

        Only what they depend on goes to the device.
        """
        graph, place, nodes = self.whole.around(self.model, edges, self.options.fan_out, rng)
        if columns := known_classes(self.graph, self.options):
            graph.x[self.inter[0]][torch.isin(nodes[self.inter[0]], asked), -columns:] = 0
        graph, place = graph.to(self.device), place.to(self.device)
        logits = graph.logits(self.model).index_select(0, place)
        if self.starts_scored:
            logits = logits + self.offset[edges].to(self.device)
        return logits

    def train_dataloader(self) -> DataLoader[Any]:
        """The whole graph, or shuffled numbers of the source nodes that there is something to learn of."""
        if not self.options.batch_size:
            return super().train_dataloader()
        nodes = self._learned_from()
        shuffle = EpochShuffle(len(nodes), self.seed, lambda: self.current_epoch)
        return DataLoader(nodes, batch_size=self.options.batch_size, sampler=shuffle)  # type: ignore[arg-type]

    def _learned_from(self) -> Tensor:
        """Numbers of the source nodes that there is something to learn of."""
        edges = self.graph[self.inter]
        labelled = edges.train_mask if self.options.loss == "bce" else edges.train_mask & (edges.y > 0)
        nodes: Tensor = edges.edge_index[0][labelled].unique().cpu()
        return nodes

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """One step over labelled candidate edges (Eq. 9): all of them, or those of some source nodes."""
        if self.options.batch_size:
            self._place()
            of_source, nodes = self.whole.plans[self.inter].source, batch.cpu().sort().values
            parts = [incident_edges(part, [of_source]) for part in shards(nodes)]
            rng = np.random.default_rng([self.seed, self.current_epoch, batch_index])
            own, edges = self._part(parts[rank()], nodes, rng), torch.cat(parts)
            logits = gather_rows(own, [len(part) for part in parts])
            source, size = torch.searchsorted(nodes, of_source.index[edges]).to(logits.device), len(nodes)
            y, train = self.edge_y[edges].to(logits.device), self.edge_train[edges].to(logits.device)
        else:
            logits = self.forward()
            source, size = self.whole.edge_index[self.inter][0], len(self.whole.x[self.inter[0]])
            y, train = self.edge_y, self.edge_train
        loss = candidate_loss(self.options, logits, y, train, source, size)
        self.log("train/loss", loss.detach(), on_step=False, on_epoch=True, batch_size=len(batch))
        return loss

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Accuracy beside that of the model that proposed the candidates, see `edge_metrics`."""
        return edge_metrics(self.graph, self.inter, self.forward().float().cpu())

    def measure(self, split: str) -> dict[str, float]:
        """The same of one split."""
        return edge_metrics(self.graph, self.inter, self.forward().float().cpu(), (split,))

    def new_nodes(self) -> tuple[str, ...]:
        """Source nodes."""
        return (self.options.source,)

    def predict(self, new: HeteroData, steps: Sequence[Any]) -> Predictions:
        """Which target new source nodes map to; see `predict_nodes`."""
        return predict_nodes(self, new, steps)

    def explained(self) -> EdgeType:
        """Candidate edges."""
        return self.inter

    def explain(self, source: int, target: int | None, options: ExplainOptions) -> Explanation:
        """What the probability of a candidate edge rests on; see `explain_answer`."""
        return explain_answer(self, source, target, options)

    def trivial(self) -> Trivial:
        """One logit for all edges, and the majority class."""
        loss, reduction, batch_size = self.options.loss, self.options.reduction, self.options.batch_size
        batches = [len(part) for part in self._learned_from().split(batch_size)] if batch_size else None
        return trivial_answer(self.graph, self.inter, loss=loss, reduction=reduction, batches=batches)

    def headline(self, learned: HeteroData, metrics: Mapping[str, float]) -> Headline | None:
        """Accuracy beside that without a graph; see `edge_headline`."""
        return edge_headline(learned[self.options.source], metrics, self.trivial())

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """The graph with the probability of every candidate edge and the class predicted for every source node."""
        logits = self.forward().float().cpu()
        return with_answers(self.graph, self.inter, logits, each_edge=self.options.loss == "bce")
