"""The targets a baseline model finds most likely for each source node."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite, node_count, node_store, node_vector
from avgraph.graph.vocabulary import EdgeType
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._concepts import check_class_order
from avgraph.transforms._new_rows import Edges, paired_edges
from avgraph.transforms._pairs import set_pairs
from avgraph.transforms._top_k import stable_top_k
from avgraph.transforms.options import CandidatesOptions


class Candidates(BaseTransform):
    """Add an edge from every ``source`` node to the ``k`` targets with the highest score.

    Edges are sorted by source, then by descending score, ties by target index; every source node has exactly
    ``k``. They get ``edge_weight`` (the score) and, where both ends have ``y``, ``y`` (1 where equal) and the
    masks of the source node. Edges that the graph already has under the same type are replaced.

    Where ``source`` has ``view_score`` [n_source, views, n_target] (see `avgraph.encoders.Views`), every edge gets its
    ``view_score`` [e, views].

    A node whose true target is no candidate cannot be predicted right: report
    `avgraph.metrics.top_k_recall` beside the accuracy, it is the ceiling.

    Args:
        source, target: node types.
        k: candidates per source node.
        scores: [n_source, n_target]; ``None`` takes ``data[source].score``.
        relation: name of the relation.
        add_true: for a *training* node whose true target is no candidate, put it in the place of the worst
            candidate. Validation and test nodes keep what the scores gave: their labels are what is asked.

    Raises:
        GraphError: if a node type or attribute is missing, the scores have a wrong shape or are not finite,
            or ``k`` is larger than the number of targets.

    Example:
        >>> data = HeteroData(audio={"x": torch.eye(2)}, label={"x": torch.eye(3)})
        >>> scores = torch.tensor([[0.1, 0.7, 0.2], [0.4, 0.2, 0.4]])
        >>> Candidates("audio", "label", k=2, scores=scores)(data)["audio", "candidate", "label"].edge_index
        tensor([[0, 0, 1, 1],
                [1, 2, 0, 2]])
    """

    def __init__(
        self,
        source: str,
        target: str,
        k: int,
        *,
        scores: Tensor | None = None,
        relation: str = "candidate",
        add_true: bool = False,
    ) -> None:
        check_arguments(CandidatesOptions, source=source, target=target, k=k, relation=relation, add_true=add_true)
        self.source, self.target, self.k = source, target, k
        self.scores, self.relation, self.add_true = scores, relation, add_true

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        score = candidate_scores(data, self.source, self.target, self.scores)
        n_source, n_target = score.shape
        if self.k > n_target:
            raise GraphError(f"k = {self.k} candidates of {n_target} {self.target!r} nodes: k is at most {n_target}")
        index, _ = stable_top_k(score, self.k)
        if self.add_true:
            index = self._with_true_target(data, score, index)
        row = torch.arange(n_source, device=index.device).repeat_interleave(self.k)
        weight = score.gather(1, index).reshape(-1).float()
        edge_type = (self.source, self.relation, self.target)
        result = set_pairs(data, edge_type, torch.stack([row, index.reshape(-1)]), weight)
        if self.scores is None and "view_score" in data[self.source]:
            result[edge_type].view_score = _view_scores(data, self.source, n_target)[row, :, index.reshape(-1)]
        return result

    def _with_true_target(self, data: HeteroData, score: Tensor, index: Tensor) -> Tensor:
        """Replace the last candidate of the training nodes that lack a true one."""
        y_source = node_vector(data, self.source, "y", torch.int64)
        y_target = node_vector(data, self.target, "y", torch.int64)
        train = node_vector(data, self.source, "train_mask", torch.bool)
        lacking = (train & (y_target[index] != y_source[:, None]).all(dim=1)).nonzero()[:, 0]
        if not len(lacking):
            return index
        true = y_target == y_source[lacking, None]
        if not true.any(dim=1).all():
            row = int(lacking[(~true.any(dim=1)).nonzero()[0, 0]])
            raise GraphError(
                f"add_true: {self.source} node {row} has y = {int(y_source[row])}, which no {self.target!r} node has"
            )
        # Of several true targets the best one. It scored below the k - 1 others, so the order by score holds.
        index = index.clone()
        index[lacking, -1] = score[lacking].masked_fill(~true, -torch.inf).argmax(dim=1)
        return index

    def link(self, data: HeteroData, new: HeteroData) -> dict[EdgeType, Edges]:
        """The edges of nodes that come later, each by itself, to targets of the graph.

        Args:
            data: the graph with the edges of this step.
            new: the new nodes; their numbers follow those of the graph.

        Raises:
            GraphError: if they lack what the edges are made by.
        """
        return paired_edges(data, new, (self.source, self.relation, self.target), self.k)

    def __repr__(self) -> str:
        return (
            f"Candidates({self.source!r}, {self.target!r}, k={self.k}, "
            f"relation={self.relation!r}, add_true={self.add_true})"
        )


def _view_scores(data: HeteroData, source: str, n_target: int) -> Tensor:
    value, rows = data[source].view_score, node_count(data, source)
    if not isinstance(value, Tensor) or value.ndim != 3 or (value.shape[0], value.shape[2]) != (rows, n_target):
        got = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise GraphError(f"{source}.view_score: expected [{rows}, views, {n_target}], got {got}")
    check_finite(f"{source}.view_score", value.flatten(1))
    return value.detach().float()


def candidate_scores(data: HeteroData, source: str, target: str, scores: Tensor | None = None) -> Tensor:
    """The scores given, or ``data[source].score``: a finite floating-point table [n_source, n_target].

    An encoder writes class c into column c of ``data[source].score``: one target per class has to come in that order.

    Raises:
        GraphError: if it is missing, of another shape or type, or not finite, or if classes are in another order.

    Example:
        >>> data = HeteroData(audio={"score": torch.ones(1, 2)}, label={"name": ["dog", "rain"]})
        >>> candidate_scores(data, "audio", "label").shape
        torch.Size([1, 2])
    """
    shape = (node_count(data, source), node_count(data, target))
    name = "scores" if scores is not None else f"{source}.score"
    if scores is None and "score" not in node_store(data, source):
        told = "declare an encoder that gives one, or take every pair (complete)"
        raise GraphError(f"node type {source!r} has no 'score' to choose candidates by; {told}")
    score = scores if scores is not None else data[source].score
    if not isinstance(score, Tensor) or not score.is_floating_point():
        got = str(score.dtype) if isinstance(score, Tensor) else type(score).__name__
        raise GraphError(f"{name}: expected a floating-point tensor, got {got}")
    if score.shape != shape:
        raise GraphError(
            f"{name}: expected [{shape[0]}, {shape[1]}], one row per {source!r} and one column per "
            f"{target!r} node, got {list(score.shape)}"
        )
    if scores is None:
        check_class_order(data, target, name)
    check_finite(name, score)
    return score.detach()
