"""Training RR-Net on one graph: the loss over labelled candidate edges (Eq. 9)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.utils import softmax

from avgraph.errors import GraphError
from avgraph.graph.pairs import label_pairs
from avgraph.graph.vocabulary import EdgeType
from avgraph.methods.rrnet.labels import check_labelled
from avgraph.methods.rrnet.model import RRNet, plan_of
from avgraph.methods.rrnet.options import RrnetOptions
from avgraph.methods.rrnet.results import edge_metrics, trivial_answer, with_answers
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.options.train import TrainOptions
from avgraph.tensors.rows import standardized


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
        if self.inter not in graph.edge_types:
            known = ", ".join("-".join(kind) for kind in graph.edge_types) or "none"
            raise GraphError(f"rrnet: the graph has no {'-'.join(self.inter)} edges (it has {known})")
        edges = graph[self.inter]
        if "y" not in edges:
            label_pairs(graph, self.inter)  # edges of the user's own
        check_labelled(graph, source, target)
        intra = [kind for kind in graph.edge_types if kind[0] == kind[2] and kind[0] in (source, target)]
        self.starts_scored = options.baseline_logit and "edge_weight" in edges and _are_probabilities(edges.edge_weight)
        self.attributes = {kind: self._attribute(kind) for kind in (*intra, self.inter)}
        self.model = RRNet(
            {node: graph[node].x.shape[1] for node in (source, target)},
            intra,
            self.inter,
            edge_channels={kind: value.shape[1] for kind, value in self.attributes.items() if value is not None},
            hidden_channels=options.hidden_channels,
            intra_units=options.intra_units,
            inter_units=options.inter_units,
            aggr=options.aggr,
            incidence=options.incidence,
            dropout=options.dropout,
            product=options.product and not self.starts_scored,
        )
        if self.starts_scored:
            nn.init.zeros_(self.model.decoder.last.weight)
            nn.init.zeros_(self.model.decoder.last.bias)
        self._placed: tuple[torch.device, torch.dtype] | None = None

    def _attribute(self, kind: EdgeType) -> Tensor | None:
        """What an edge brings along: its declared attributes and, with ``edge_score``, its standardised scores."""
        store = self.graph[kind]
        parts = [store.edge_attr.float()] if "edge_attr" in store else []
        if self.options.edge_score and "edge_weight" in store:
            score = store.edge_weight.float()[:, None]
            if kind == self.inter:  # probabilities: sure and unsure ones differ on the logarithmic scale
                score = store.get("view_score", score).clamp_min(1e-4).log()
            parts.append(standardized(score, added=1e-6, correction=1))
        return torch.cat(parts, 1) if parts else None

    def _features(self, node: str) -> Tensor:
        """What the node encoder of a type sees."""
        store = self.graph[node]
        x: Tensor = store.x
        if not self.options.standardize:
            return x
        return standardized(x, store.get("train_mask"), added=1e-5)

    def _place(self) -> None:
        """Move the graph to the model's device and type, once."""
        weight = self.model.decoder.last.weight
        if self._placed == (weight.device, weight.dtype):
            return
        self._placed = (weight.device, weight.dtype)
        device, kinds = weight.device, list(self.attributes)
        self.x = {node: self._features(node).to(device, weight.dtype) for node in self.model.channels}
        self.edges = {kind: self.graph[kind].edge_index.to(device) for kind in kinds}
        self.plans = {kind: plan_of(kind, self.x, self.edges) for kind in kinds}
        self.edge_attr = {
            kind: value.to(device, weight.dtype) for kind, value in self.attributes.items() if value is not None
        }
        store = self.graph[self.inter]
        self.edge_y, self.edge_train = store.y.to(device), store.train_mask.to(device)
        if self.starts_scored:
            self.offset = store.edge_weight.to(device, weight.dtype).clamp_min(1e-6).log()

    def forward(self) -> Float[Tensor, " e"]:
        """Logits of all candidate edges."""
        self._place()
        logits: Tensor = self.model(self.x, self.edges, self.edge_attr, self.plans)
        return logits + self.offset if self.starts_scored else logits

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """One step over all labelled candidate edges (Eq. 9)."""
        logits = self.forward()
        train = self.edge_train
        if self.options.loss == "bce":
            loss = F.binary_cross_entropy_with_logits(
                logits[train], self.edge_y[train].to(logits), reduction=self.options.reduction
            )
        else:
            source = self.edges[self.inter][0]
            share = softmax(logits, source, num_nodes=len(self.x[self.inter[0]]))
            true = train & (self.edge_y > 0)
            surprise = -share[true].clamp_min(torch.finfo(share.dtype).tiny).log()
            loss = surprise.mean() if self.options.reduction == "mean" else surprise.sum()
        self.log("train/loss", loss.detach(), on_step=False, on_epoch=True, batch_size=1)
        return loss

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Accuracy beside that of the model that proposed the candidates, see `edge_metrics`."""
        return edge_metrics(self.graph, self.inter, self.forward().float().cpu())

    def trivial(self) -> Trivial:
        """One logit for all edges, and the majority class."""
        return trivial_answer(self.graph, self.inter, loss=self.options.loss, reduction=self.options.reduction)

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """The graph with the probability of every candidate edge and the class predicted for every source node."""
        logits = self.forward().float().cpu()
        return with_answers(self.graph, self.inter, logits, each_edge=self.options.loss == "bce")


def _are_probabilities(weight: Tensor) -> bool:
    return bool(((weight >= 0) & (weight <= 1 + 1e-4)).all())  # rounding may lift one above 1
