"""RR-Net (Li et al., "A Universal Model for Cross Modality Mapping by Relational Reasoning", 2021).

The nodes and edges of two intra graphs and one inter graph are encoded by one MLP per type (Eq. 1), updated by
alternating `IntraUnit` and `InterUnit` (Eq. 3-8), and every candidate edge is decoded to a logit (Eq. 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform
from torch_geometric.utils import softmax

from avgraph.config.train import TrainOptions
from avgraph.errors import GraphError
from avgraph.methods.task import Task
from avgraph.metrics import accuracy, edge_argmax_accuracy, top_k_recall
from avgraph.nn import Incidence, InterUnit, IntraUnit
from avgraph.nn.mlp import MLP
from avgraph.transforms import KNN, Candidates

EdgeType = tuple[str, str, str]


class EdgeEncoder(nn.Module):
    """Raw edge attribute [x_s ; x_r ; extra] → hidden state, projected per node before it is gathered per edge.

    Shapes:
        x_source [n, c_s], x_target [m, c_r], edge_index [2, e], extra [e, c_e] or None → [e, h]
    """

    def __init__(self, source_channels: int, target_channels: int, extra_channels: int, hidden_channels: int) -> None:
        super().__init__()
        self.sizes = (source_channels, target_channels, extra_channels)
        self.first = nn.Linear(sum(self.sizes), hidden_channels)
        self.second = nn.Linear(hidden_channels, hidden_channels)

    def forward(
        self,
        x_source: Float[Tensor, "n c_s"],
        x_target: Float[Tensor, "m c_r"],
        edge_index: Int[Tensor, "2 e"],
        extra: Float[Tensor, "e c_e"] | None,
    ) -> Float[Tensor, "e h"]:
        """One state per edge."""
        by_source, by_target, by_extra = self.first.weight.split(self.sizes, dim=1)
        hidden = (x_source @ by_source.T)[edge_index[0]] + (x_target @ by_target.T)[edge_index[1]] + self.first.bias
        if extra is not None:
            hidden = hidden + extra @ by_extra.T
        state: Tensor = self.second(F.relu(hidden))
        return state


class RRNet(nn.Module):
    """Encoder, alternating intra and inter units, decoder: one logit per candidate edge.

    Args:
        channels: feature width of each node type.
        intra: edge types within one node type; ``inter``: the one across.
        edge_channels: width of the attributes that edges of a type bring along (default none).
        intra_units, inter_units: how many of each; they take turns, intra first, and what is left over comes last.

    Shapes:
        x_dict {type: [n, c]}, edge_index_dict {edge type: [2, e]} → logits [e of the inter edges]

    Raises:
        GraphError: if there is no unit at all.

    Example:
        >>> near, candidate = ("audio", "near", "audio"), ("audio", "candidate", "label")
        >>> model = RRNet({"audio": 8, "label": 5}, [near], candidate, hidden_channels=4)
        >>> x = {"audio": torch.randn(3, 8), "label": torch.randn(2, 5)}
        >>> edges = {near: torch.tensor([[0, 1, 2], [1, 2, 0]]), candidate: torch.tensor([[0, 1, 2], [0, 1, 0]])}
        >>> model(x, edges).shape
        torch.Size([3])
    """

    def __init__(
        self,
        channels: Mapping[str, int],
        intra: Sequence[EdgeType],
        inter: EdgeType,
        *,
        edge_channels: Mapping[EdgeType, int] | None = None,
        hidden_channels: int = 16,
        intra_units: int = 1,
        inter_units: int = 1,
        aggr: Literal["mean", "sum"] = "mean",
        incidence: Literal["both", "target"] = "both",
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if inter_units < 1:
            raise GraphError(f"RR-Net: expected at least one inter unit, got {inter_units}")
        self.intra, self.inter = tuple(intra), inter
        h, extra = hidden_channels, edge_channels or {}
        self.dropout = nn.Dropout(dropout)
        self.node_encoder = nn.ModuleDict({node: MLP(channels[node], h, h) for node in (inter[0], inter[2])})
        self.edge_encoder = nn.ModuleDict(
            {
                "__".join(kind): EdgeEncoder(channels[kind[0]], channels[kind[2]], extra.get(kind, 0), h)
                for kind in (*self.intra, inter)
            }
        )
        self.intra_units = nn.ModuleList(IntraUnit(h, aggr=aggr, incidence=incidence) for _ in range(intra_units))
        self.inter_units = nn.ModuleList(InterUnit(h, aggr=aggr) for _ in range(inter_units))
        self.decoder = MLP(h, h, 1)

    def forward(
        self,
        x_dict: Mapping[str, Tensor],
        edge_index_dict: Mapping[EdgeType, Tensor],
        edge_attr_dict: Mapping[EdgeType, Tensor] | None = None,
        plans: Mapping[EdgeType, Incidence] | None = None,
    ) -> Float[Tensor, " e"]:
        """Logits of the inter edges; ``plans`` are their CSR views, built once by `plan_of` for many passes."""
        plans = plans or {kind: plan_of(kind, x_dict, edge_index_dict) for kind in (*self.intra, self.inter)}
        attr = edge_attr_dict or {}
        raw = {node: self.dropout(x_dict[node]) for node in (self.inter[0], self.inter[2])}
        x = {node: encoder(raw[node]) for node, encoder in self.node_encoder.items()}
        edge = {}
        for kind in (*self.intra, self.inter):
            encoder = self.edge_encoder["__".join(kind)]
            edge[kind] = encoder(raw[kind[0]], raw[kind[2]], edge_index_dict[kind], attr.get(kind))
        source, _, target = self.inter
        for intra_unit, inter_unit in zip_longest(self.intra_units, self.inter_units):
            if intra_unit is not None:
                for kind in self.intra:
                    node = kind[0]
                    x[node], edge[kind] = intra_unit(x[node], edge_index_dict[kind], edge[kind], plan=plans[kind])
            if inter_unit is not None:
                x[source], x[target], edge[self.inter] = inter_unit(
                    x[source], x[target], edge_index_dict[self.inter], edge[self.inter], plan=plans[self.inter]
                )
        logits: Tensor = self.decoder(self.dropout(edge[self.inter])).squeeze(1)
        return logits


def plan_of(kind: EdgeType, x_dict: Mapping[str, Tensor], edge_index_dict: Mapping[EdgeType, Tensor]) -> Incidence:
    """The CSR view of one edge type."""
    return Incidence.from_edge_index(edge_index_dict[kind], len(x_dict[kind[0]]), len(x_dict[kind[2]]))


class RRNetTask(Task):
    """RR-Net as a training task: which target does each source node map to?

    Args:
        source, target: node types; edges within each are intra edges, (source, candidate, target) the inter graph.
        hidden_channels, intra_units, inter_units, aggr, incidence, dropout: see `RRNet`.
        reduction: of the loss over labelled candidate edges; ``"sum"`` is the paper's Eq. 9, for small learning rates.
        loss: ``"bce"`` on every candidate edge (Eq. 9) or ``"cross_entropy"`` over the candidates of a source node.
        baseline_logit: add the log-probability of the model that proposed the candidates to each logit.
        edge_score: give every edge its ``edge_weight`` (candidate score, similarity) as an attribute.
    """

    def __init__(
        self,
        source: str = "audio",
        target: str = "label",
        hidden_channels: int = 16,
        intra_units: int = 1,
        inter_units: int = 1,
        aggr: Literal["mean", "sum"] = "mean",
        incidence: Literal["both", "target"] = "both",
        reduction: Literal["mean", "sum"] = "mean",
        loss: Literal["bce", "cross_entropy"] = "bce",
        dropout: float = 0.0,
        baseline_logit: bool = False,
        edge_score: bool = False,
    ) -> None:
        super().__init__()
        self.source, self.target = source, target
        self.hidden_channels = hidden_channels
        self.intra_units, self.inter_units = intra_units, inter_units
        self.aggr, self.incidence, self.reduction, self.loss = aggr, incidence, reduction, loss
        self.dropout = dropout
        self.baseline_logit, self.edge_score = baseline_logit, edge_score

    def recipe(self) -> Sequence[BaseTransform]:
        """The paper's graph for ESC-50: 10 near sources, 2 near targets, 20 candidates."""
        return (KNN(self.source, 10), KNN(self.target, 2), Candidates(self.source, self.target, 20))

    def bind(self, graph: HeteroData, train: TrainOptions) -> None:
        """Find the intra and inter graphs and build the model.

        Raises:
            GraphError: if there are no labelled candidate edges, or scores are asked for that are not there.
        """
        super().bind(graph, train)
        self.inter = (self.source, "candidate", self.target)
        if self.inter not in graph.edge_types:
            known = ", ".join("-".join(kind) for kind in graph.edge_types) or "none"
            raise GraphError(f"rrnet: the graph has no {'-'.join(self.inter)} edges (it has {known})")
        edges = graph[self.inter]
        if "y" not in edges or "train_mask" not in edges or not bool(edges.train_mask.any()):
            raise GraphError("rrnet: no candidate edge belongs to a training node with a known class")
        intra = [kind for kind in graph.edge_types if kind[0] == kind[2] and kind[0] in (self.source, self.target)]
        if (self.baseline_logit or self.edge_score) and "edge_weight" not in edges:
            raise GraphError("rrnet: baseline_logit and edge_score need a score on every candidate edge (edge_weight)")
        self.attributes = {kind: self._attribute(kind) for kind in (*intra, self.inter)}
        self.model = RRNet(
            {node: graph[node].x.shape[1] for node in (self.source, self.target)},
            intra,
            self.inter,
            edge_channels={kind: value.shape[1] for kind, value in self.attributes.items() if value is not None},
            hidden_channels=self.hidden_channels,
            intra_units=self.intra_units,
            inter_units=self.inter_units,
            aggr=self.aggr,
            incidence=self.incidence,
            dropout=self.dropout,
        )
        if self.baseline_logit:  # start as the baseline: training then only corrects it
            nn.init.zeros_(self.model.decoder.last.weight)
            nn.init.zeros_(self.model.decoder.last.bias)
        self._placed: tuple[torch.device, torch.dtype] | None = None

    def _attribute(self, kind: EdgeType) -> Tensor | None:
        """What an edge brings along: its declared attributes and, with ``edge_score``, its weight."""
        store = self.graph[kind]
        parts = [store.edge_attr.float()] if "edge_attr" in store else []
        if self.edge_score and "edge_weight" in store:
            weight = store.edge_weight.float()[:, None]
            if kind == self.inter:  # probabilities: sure and unsure ones differ on the logarithmic scale
                parts.append(weight.clamp_min(1e-6).log() / 5)
            parts.append(weight)
        return torch.cat(parts, 1) if parts else None

    def _place(self) -> None:
        """Move the graph to the model's device and type, once."""
        weight = self.model.decoder.last.weight
        if self._placed == (weight.device, weight.dtype):
            return
        self._placed = (weight.device, weight.dtype)
        device, kinds = weight.device, list(self.attributes)
        self.x = {node: self.graph[node].x.to(device, weight.dtype) for node in (self.source, self.target)}
        self.edges = {kind: self.graph[kind].edge_index.to(device) for kind in kinds}
        self.plans = {kind: plan_of(kind, self.x, self.edges) for kind in kinds}
        self.edge_attr = {
            kind: value.to(device, weight.dtype) for kind, value in self.attributes.items() if value is not None
        }
        store = self.graph[self.inter]
        self.edge_y, self.edge_train = store.y.to(device), store.train_mask.to(device)
        if self.baseline_logit:
            self.offset = store.edge_weight.to(device, weight.dtype).clamp_min(1e-6).log()

    def forward(self) -> Float[Tensor, " e"]:
        """Logits of all candidate edges."""
        self._place()
        logits: Tensor = self.model(self.x, self.edges, self.edge_attr, self.plans)
        return logits + self.offset if self.baseline_logit else logits

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        """One step over all labelled candidate edges (Eq. 9)."""
        logits = self.forward()
        train = self.edge_train
        if self.loss == "bce":
            loss = F.binary_cross_entropy_with_logits(
                logits[train], self.edge_y[train].to(logits), reduction=self.reduction
            )
        else:
            source = self.edges[self.inter][0]
            share = softmax(logits, source, num_nodes=len(self.x[self.source]))
            true = train & (self.edge_y > 0)
            surprise = -share[true].clamp_min(torch.finfo(share.dtype).tiny).log()
            loss = surprise.mean() if self.reduction == "mean" else surprise.sum()
        self.log("train/loss", loss.detach(), on_step=False, on_epoch=True, batch_size=1)
        return loss

    @torch.no_grad()
    def metrics(self) -> dict[str, float]:
        """Accuracy of RR-Net and of the model that proposed the candidates, and the ceiling the candidates set.

        ``single_accuracy`` is that of one network where an ensemble proposed them; ``true_class_score`` shows how
        much surer the scores of training nodes are than those of test nodes.
        """
        logits, edge_index, node = (
            self.forward().float().cpu(),
            self.graph[self.inter].edge_index,
            self.graph[self.source],
        )
        result = {}
        for split in ("train", "val", "test"):
            mask = node.get(f"{split}_mask")
            if mask is None or not bool(mask.any()):
                continue
            result[f"{split}/accuracy"] = edge_argmax_accuracy(logits, edge_index, node.y, mask, len(node.y))
            if "score" in node:
                k = int(edge_index[0].bincount().max())
                result[f"{split}/baseline_accuracy"] = accuracy(node.score, node.y, mask)
                if "single_score" in node:
                    result[f"{split}/single_accuracy"] = accuracy(node.single_score, node.y, mask)
                result[f"{split}/candidate_recall"] = top_k_recall(node.score, node.y, k, mask)
                true_score = node.score.gather(1, node.y[:, None])[mask]
                result[f"{split}/true_class_score"] = float(true_score.mean())
        return result

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """The graph with the probability of every candidate edge and the prediction of every source node."""
        logits, edge_index = self.forward().float().cpu(), self.graph[self.inter].edge_index
        result = self.graph.clone()
        size = self.graph[self.source].num_nodes
        share = softmax(logits, edge_index[0], num_nodes=size)
        result[self.inter].probability = logits.sigmoid() if self.loss == "bce" else share
        dense = torch.full((size, self.graph[self.target].num_nodes), float("-inf"))
        dense[edge_index[0], edge_index[1]] = logits
        result[self.source].prediction = dense.argmax(1)
        return result
