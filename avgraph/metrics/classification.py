"""Classification: of nodes by their class scores, and of source nodes by their candidate edges.

Shapes:
    logits, score [n, c]; y, mask [n]; edge_logit [e]; edge_index [2, e].
"""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_classes, check_tensors


def accuracy(logits: Tensor, y: Tensor, mask: Tensor) -> float:
    """Fraction of the masked rows whose highest logit stands in column ``y`` (ties: the first column).

    Raises:
        GraphError: if shapes disagree, a masked logit is NaN or ``mask`` selects no row.

    Example:
        >>> logits = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
        >>> accuracy(logits, torch.tensor([1, 1, 0]), torch.tensor([True, True, False]))
        0.5
    """
    _check_scores("logits", logits, y, mask)
    return _mean(logits.argmax(dim=1) == y, mask)


def top_k_recall(score: Tensor, y: Tensor, k: int, mask: Tensor | None = None) -> float:
    """Fraction of the masked rows whose column ``y`` is among the ``k`` highest scores (ties: by column).

    It is the highest accuracy that any choice among ``k`` candidates can reach. The rank of the true column
    is counted, never looked up in a sorted list, so that ties cannot depend on a sorting algorithm.

    Raises:
        GraphError: if shapes disagree, ``k`` or ``y`` is out of range, a masked score is NaN or no row is
            selected.

    Example:
        >>> score = torch.tensor([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
        >>> top_k_recall(score, torch.tensor([1, 2]), k=2)
        0.5
    """
    check_tensors({"score": score})
    mask = torch.ones(len(score), dtype=torch.bool, device=score.device) if mask is None else mask
    _check_scores("score", score, y, mask)
    channels = score.size(1)
    if not 1 <= k <= channels:
        raise GraphError(f"k: expected 1 … {channels}, the number of columns of score, got {k}")
    outside = mask & ((y < 0) | (y >= channels))
    if outside.any():
        row = int(outside.nonzero()[0])
        raise GraphError(f"y: row {row}: expected a column of score, 0 … {channels - 1}, got {int(y[row])}")
    column = y.long().clamp(0, channels - 1)[:, None]
    true = score.gather(1, column)
    earlier = torch.arange(channels, device=score.device) < column
    rank = ((score > true) | ((score == true) & earlier)).sum(dim=1)
    return _mean(rank < k, mask)


def edge_argmax_accuracy(
    edge_logit: Tensor, edge_index: Tensor, y_source: Tensor, mask: Tensor, num_source: int
) -> float:
    """Fraction of the masked source nodes whose best candidate edge leads to target ``y_source``.

    The best edge is the one with the highest logit (ties: the lowest target index). A source node without
    candidates counts as wrong, so that a short candidate list cannot flatter the result.

    Shapes:
        edge_logit [e], edge_index [2, e] (source, target), y_source and mask [num_source].

    Raises:
        GraphError: if shapes disagree, an index is out of range, a logit is NaN or no node is selected.

    Example:
        >>> edge_index = torch.tensor([[0, 0, 1], [0, 1, 0]])
        >>> logit = torch.tensor([0.2, 0.7, 0.1])
        >>> edge_argmax_accuracy(logit, edge_index, torch.tensor([1, 1]), torch.tensor([True, True]), 2)
        0.5
    """
    check_tensors({"edge_logit": edge_logit, "edge_index": edge_index})
    check_classes("y_source", y_source, num_source)
    _check_mask(mask, num_source)
    if edge_index.dtype != torch.int64:
        raise GraphError(f"edge_index: expected int64 [2, e], got {edge_index.dtype} {list(edge_index.shape)}")
    if edge_logit.dim() != 1 or edge_index.shape != (2, len(edge_logit)):
        raise GraphError(
            f"expected edge_logit [e] and edge_index [2, e], got {list(edge_logit.shape)} and {list(edge_index.shape)}"
        )
    source = edge_index[0]
    if len(source) and not 0 <= int(source.min()) <= int(source.max()) < num_source:
        raise GraphError(f"edge_index: expected sources in 0 … {num_source - 1}")
    _refuse_nan("edge_logit", edge_logit, mask[source])

    best = best_targets(edge_logit, edge_index, num_source)
    return _mean((best == y_source) & (best >= 0), mask)


def best_targets(edge_logit: Tensor, edge_index: Tensor, num_source: int) -> Tensor:
    """The target of each source node's edge with the highest logit (ties: the lowest index); -1 without an edge.

    Shapes:
        edge_logit [e], edge_index [2, e] → [num_source]

    Example:
        >>> best_targets(torch.tensor([0.2, 0.7]), torch.tensor([[0, 0], [0, 1]]), 2)
        tensor([ 1, -1])
    """
    source, target = edge_index
    best = edge_logit.new_full((num_source,), -torch.inf)
    best = best.scatter_reduce(0, source, edge_logit, "amax")
    # A target index no edge can have marks the edges that lost, and the nodes without any edge.
    nowhere = torch.iinfo(torch.int64).max
    winner = torch.where(edge_logit == best[source], target, nowhere)
    found = target.new_full((num_source,), nowhere).scatter_reduce(0, source, winner, "amin")
    targets: Tensor = found.where(found < nowhere, -1)
    return targets


def _mean(correct: Tensor, mask: Tensor) -> float:
    selected = correct[mask]
    return int(selected.sum()) / len(selected)


def _check_scores(name: str, score: Tensor, y: Tensor, mask: Tensor) -> None:
    check_tensors({name: score})
    if score.dim() != 2:
        raise GraphError(f"{name}: expected [n, c], got {list(score.shape)}")
    check_classes("y", y, len(score))
    _check_mask(mask, len(score))
    _refuse_nan(name, score, mask)


def _check_mask(mask: Tensor, rows: int) -> None:
    check_tensors({"mask": mask})
    if mask.shape != (rows,):
        raise GraphError(f"mask: expected [{rows}], got {list(mask.shape)}")
    if mask.dtype != torch.bool:
        raise GraphError(f"mask: expected bool, got {mask.dtype}")
    if not mask.any():
        raise GraphError("mask: selects no row, so there is nothing to average")


def _refuse_nan(name: str, value: Tensor, selected: Tensor) -> None:
    wrong = (value.isnan() if value.dim() == 1 else value.isnan().any(dim=1)) & selected
    if wrong.any():
        raise GraphError(f"{name}: row {int(wrong.nonzero()[0])} is NaN")
