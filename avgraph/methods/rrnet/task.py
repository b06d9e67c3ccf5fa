"""Training RR-Net on one graph: the loss over labelled candidate edges (Eq. 9), metrics, the learned graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform
from torch_geometric.utils import softmax

from avgraph.errors import GraphError
from avgraph.methods.rrnet.labels import check_labelled
from avgraph.methods.rrnet.model import EdgeType, RRNet, plan_of
from avgraph.methods.rrnet.trivial import trivial_answer
from avgraph.methods.task import Task
from avgraph.methods.trivial import Trivial
from avgraph.metrics import accuracy, edge_argmax_accuracy
from avgraph.options.train import TrainOptions
from avgraph.tensors.rows import standardized
from avgraph.transforms import KNN, Candidates


class RRNetTask(Task):
    """RR-Net as a training task: which target does each source node map to?

    Args:
        source, target: node types; edges within each are intra edges, (source, candidate, target) the inter graph.
        hidden_channels, intra_units, inter_units, aggr, incidence, dropout: see `RRNet`.
        reduction: of the loss over labelled candidate edges; ``"sum"`` is the paper's Eq. 9, for small learning rates.
        loss: ``"bce"`` on every candidate edge (Eq. 9) or ``"cross_entropy"`` over the candidates of a source node.
        baseline_logit: start from the log-probability of every candidate edge, where the model that proposed them gave
            one (``edge_weight`` in [0, 1]): training then only corrects it.
        edge_score: give every edge that has one its ``edge_weight`` (similarity) or, on candidate edges, the logarithm
            of its ``view_score`` (one score per view), as attributes.
        standardize: bring every feature to mean 0 and deviation 1 over the training nodes before it is encoded.
        product: see `RRNet`; only where there is no such probability to start from.

    The defaults are what works on data that nobody tuned for (docs/defaults.md); ``configs/rrnet/`` has the paper's.
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
        loss: Literal["bce", "cross_entropy"] = "cross_entropy",
        dropout: float = 0.5,
        baseline_logit: bool = True,
        edge_score: bool = True,
        standardize: bool = True,
        product: bool = True,
    ) -> None:
        super().__init__()
        self.source, self.target = source, target
        self.hidden_channels = hidden_channels
        self.intra_units, self.inter_units = intra_units, inter_units
        self.aggr, self.incidence, self.reduction, self.loss = aggr, incidence, reduction, loss
        self.dropout, self.product = dropout, product
        self.baseline_logit, self.edge_score, self.standardize = baseline_logit, edge_score, standardize

    def recipe(self) -> Sequence[BaseTransform]:
        """The paper's graph for ESC-50: 10 near sources, 2 near targets, 20 candidates."""
        return (KNN(self.source, 10), KNN(self.target, 2), Candidates(self.source, self.target, 20))

    def bind(self, graph: HeteroData, train: TrainOptions) -> None:
        """Find the intra and inter graphs and build the model.

        Raises:
            GraphError: if there are no labelled candidate edges.
        """
        super().bind(graph, train)
        self.inter = (self.source, "candidate", self.target)
        if self.inter not in graph.edge_types:
            known = ", ".join("-".join(kind) for kind in graph.edge_types) or "none"
            raise GraphError(f"rrnet: the graph has no {'-'.join(self.inter)} edges (it has {known})")
        edges = graph[self.inter]
        check_labelled(graph, self.source, self.target)
        intra = [kind for kind in graph.edge_types if kind[0] == kind[2] and kind[0] in (self.source, self.target)]
        self.starts_scored = self.baseline_logit and "edge_weight" in edges and _are_probabilities(edges.edge_weight)
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
            product=self.product and not self.starts_scored,
        )
        if self.starts_scored:
            nn.init.zeros_(self.model.decoder.last.weight)
            nn.init.zeros_(self.model.decoder.last.bias)
        self._placed: tuple[torch.device, torch.dtype] | None = None

    def _attribute(self, kind: EdgeType) -> Tensor | None:
        """What an edge brings along: its declared attributes and, with ``edge_score``, its standardised scores."""
        store = self.graph[kind]
        parts = [store.edge_attr.float()] if "edge_attr" in store else []
        if self.edge_score and "edge_weight" in store:
            score = store.edge_weight.float()[:, None]
            if kind == self.inter:  # probabilities: sure and unsure ones differ on the logarithmic scale
                score = store.get("view_score", score).clamp_min(1e-4).log()
            parts.append(standardized(score, added=1e-6, correction=1))
        return torch.cat(parts, 1) if parts else None

    def _features(self, node: str) -> Tensor:
        """What the node encoder of a type sees."""
        store = self.graph[node]
        x: Tensor = store.x
        if not self.standardize:
            return x
        return standardized(x, store.get("train_mask"), added=1e-5)

    def _place(self) -> None:
        """Move the graph to the model's device and type, once."""
        weight = self.model.decoder.last.weight
        if self._placed == (weight.device, weight.dtype):
            return
        self._placed = (weight.device, weight.dtype)
        device, kinds = weight.device, list(self.attributes)
        self.x = {node: self._features(node).to(device, weight.dtype) for node in (self.source, self.target)}
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

        With several views also the accuracy of each further one, and ``fused_accuracy`` of their mean log-probability:
        what the views give without any graph.
        ``true_class_score`` shows how much surer the scores of training nodes are than those of test nodes.
        """
        logits = self.forward().float().cpu()
        edge_index, node = self.graph[self.inter].edge_index, self.graph[self.source]
        to_class = torch.stack([edge_index[0], self.graph[self.target].y[edge_index[1]]])
        reached = torch.zeros(len(node.y), dtype=torch.bool)
        reached[edge_index[0][self.graph[self.inter].y > 0]] = True
        score = self._by_class(node.score) if "score" in node else None
        log_score = self._by_class(node.view_score.clamp_min(1e-4).log()) if "view_score" in node else None
        result = {}
        for split in ("train", "val", "test"):
            mask = node.get(f"{split}_mask")
            if mask is None or not bool(mask.any()):
                continue
            result[f"{split}/accuracy"] = edge_argmax_accuracy(logits, to_class, node.y, mask, len(node.y))
            if score is not None:
                result[f"{split}/baseline_accuracy"] = accuracy(score, node.y, mask)
                result[f"{split}/candidate_recall"] = float(reached[mask].double().mean())
                result[f"{split}/true_class_score"] = float(score.gather(1, node.y[:, None])[mask].mean())
            if log_score is not None:
                for view in range(1, log_score.shape[1]):
                    result[f"{split}/view_{view + 1}_accuracy"] = accuracy(log_score[:, view], node.y, mask)
                result[f"{split}/fused_accuracy"] = accuracy(log_score.mean(1), node.y, mask)
        return result

    def trivial(self) -> Trivial:
        """One logit for all edges, and the majority class."""
        return trivial_answer(self.graph, self.source, self.target, loss=self.loss, reduction=self.reduction)

    def _by_class(self, score: Tensor) -> Tensor:
        """The best score among the targets of each class.

        Shapes:
            [..., n_target] → [..., classes]
        """
        y = self.graph[self.target].y
        best = score.new_full((*score.shape[:-1], int(y.max()) + 1), -torch.inf)
        return best.scatter_reduce(-1, y.expand_as(score), score, "amax")

    @torch.no_grad()
    def annotated(self) -> HeteroData:
        """The graph with the probability of every candidate edge and the class predicted for every source node."""
        logits, edge_index = self.forward().float().cpu(), self.graph[self.inter].edge_index
        result = self.graph.clone()
        size = self.graph[self.source].num_nodes
        share = softmax(logits, edge_index[0], num_nodes=size)
        result[self.inter].probability = logits.sigmoid() if self.loss == "bce" else share
        dense = torch.full((size, self.graph[self.target].num_nodes), float("-inf"))
        dense[edge_index[0], edge_index[1]] = logits
        result[self.source].prediction = self.graph[self.target].y[dense.argmax(1)]
        return result


def _are_probabilities(weight: Tensor) -> bool:
    return bool(((weight >= 0) & (weight <= 1 + 1e-4)).all())  # rounding may lift one above 1
