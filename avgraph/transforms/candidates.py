"""The targets a baseline model finds most likely for each source node."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite, node_count, node_store, node_vector
from avgraph.graph.vocabulary import EdgeType
from avgraph.io.mapped_rows import Rows, are_numbers, tensor_blocks
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._blocks import rows_within
from avgraph.transforms._concepts import check_class_order
from avgraph.transforms._new_rows import Edges, paired_edges
from avgraph.transforms.options import CandidatesOptions
from avgraph.transforms.pairs import set_pairs
from avgraph.transforms.top_k import stable_top_k

_PER_SCORE = 24  # bytes: as it is, whether it is finite, compared with the last candidate, and a row sorted in full


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
        scores: [n_source, n_target]; ``None`` takes ``data[source].score``. An array may be mapped from a file:
            scores are read some rows at a time, within 256 MiB.
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
        scores: Rows | None = None,
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
        device = score.device if isinstance(score, Tensor) else torch.device("cpu")
        index = torch.empty(n_source, self.k, dtype=torch.int64, device=device)
        weight = torch.empty(n_source, self.k, device=device)
        for start, block in tensor_blocks(score, rows_within(_PER_SCORE * n_target)):
            rows = slice(start, start + len(block))
            index[rows] = stable_top_k(block, self.k)[0]
            if self.add_true:
                self._put_true_target(data, block, rows, index)
            weight[rows] = block.gather(1, index[rows]).float()
        row = torch.arange(n_source, device=device).repeat_interleave(self.k)
        edge_type = (self.source, self.relation, self.target)
        result = set_pairs(
            data, edge_type, torch.stack([row, index.reshape(-1)]), weight.reshape(-1), labels_needed=True
        )
        if self.scores is None and "view_score" in data[self.source]:
            result[edge_type].view_score = _view_scores(data, self.source, n_target, index)
        return result

    def _put_true_target(self, data: HeteroData, score: Tensor, rows: slice, index: Tensor) -> None:
        """Replace the last candidate of those training nodes of a block that lack a true one."""
        y_source = node_vector(data, self.source, "y", torch.int64)[rows]
        y_target = node_vector(data, self.target, "y", torch.int64)
        train = node_vector(data, self.source, "train_mask", torch.bool)[rows]
        lacking = (train & (y_target[index[rows]] != y_source[:, None]).all(dim=1)).nonzero()[:, 0]
        if not len(lacking):
            return
        true = y_target == y_source[lacking, None]
        if not true.any(dim=1).all():
            row = int(lacking[(~true.any(dim=1)).nonzero()[0, 0]])
            told = f"node {rows.start + row} has y = {int(y_source[row])}, which no {self.target!r} node has"
            raise GraphError(f"add_true: {self.source} {told}")
        # Of several true targets the best one. It scored below the k - 1 others, so the order by score holds.
        index[rows.start + lacking, -1] = score[lacking].masked_fill(~true, -torch.inf).argmax(dim=1)

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


def _view_scores(data: HeteroData, source: str, n_target: int, index: Tensor) -> Tensor:
    """What each view says of every candidate, [e, views]."""
    value, rows = data[source].view_score, node_count(data, source)
    is_table = isinstance(value, Tensor | np.ndarray) and value.ndim == 3
    if not is_table or (value.shape[0], value.shape[2]) != (rows, n_target):
        got = list(value.shape) if isinstance(value, Tensor | np.ndarray) else type(value).__name__
        raise GraphError(f"{source}.view_score: expected [{rows}, views, {n_target}], got {got}")
    found = torch.empty(rows, index.shape[1], value.shape[1], device=index.device)
    for start, block in tensor_blocks(value, rows_within(_PER_SCORE * n_target * value.shape[1])):
        check_finite(f"{source}.view_score", block.flatten(1), start)
        of_views = index[start : start + len(block), None].expand(-1, value.shape[1], -1)
        found[start : start + len(block)] = block.gather(2, of_views).transpose(1, 2).float()
    return found.flatten(0, 1)


def candidate_scores(data: HeteroData, source: str, target: str, scores: Rows | None = None) -> Rows:
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
    score: Any = scores if scores is not None else data[source].score
    if not are_numbers(score, axes=None):
        got = str(score.dtype) if isinstance(score, Tensor | np.ndarray) else type(score).__name__
        raise GraphError(f"{name}: expected a floating-point tensor, got {got}")
    if tuple(score.shape) != shape:
        raise GraphError(
            f"{name}: expected [{shape[0]}, {shape[1]}], one row per {source!r} and one column per "
            f"{target!r} node, got {list(score.shape)}"
        )
    if scores is None:
        check_class_order(data, target, name)
    for start, block in tensor_blocks(score, rows_within(_PER_SCORE * max(1, shape[1]))):
        check_finite(name, block, start)
    return score.detach() if isinstance(score, Tensor) else score
