"""Edge lists of complete graphs, for what is asked about each pair; the layers themselves hold none."""

from __future__ import annotations

import torch
from jaxtyping import Int64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_tensors


def complete_edges(num_source: int, num_target: int, *, device: torch.device | str = "cpu") -> Int64[Tensor, "2 e"]:
    """Every source to every target, in the order of the rows of a table [source, target].

    Shapes:
        → [2, num_source · num_target]

    Example:
        >>> complete_edges(2, 2)
        tensor([[0, 0, 1, 1],
                [0, 1, 0, 1]])
    """
    source, target = (torch.arange(count, device=device) for count in (num_source, num_target))
    return torch.stack([source.repeat_interleave(num_target), target.repeat(num_source)])


def complete_batch_edges(source: Tensor, target: Tensor) -> Int64[Tensor, "2 e"]:
    """Every source to every target of the same graph of a batch: graph by graph, each as `complete_edges` has it.

    Args:
        source, target: graph of each node, as PyG's ``batch``, in any order.

    Shapes:
        source [n], target [m] → [2, e]

    Raises:
        GraphError: if a graph has nodes on one side only.

    Example:
        >>> complete_batch_edges(torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]))
        tensor([[0, 0, 1, 2],
                [0, 1, 2, 2]])
    """
    sources, targets = members(source, target)
    parts = [
        torch.stack([one.repeat_interleave(len(other)), other.repeat(len(one))])
        for one, other in zip(sources, targets, strict=True)
    ]
    return torch.cat(parts, 1)


def members(source: Tensor, target: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The nodes of each graph of a batch, on both sides, ascending.

    Raises:
        GraphError: if a side is no vector of whole numbers from 0, or a graph has nodes on one side only.

    Example:
        >>> members(torch.tensor([0, 1, 1]), torch.tensor([1, 0, 0]))
        ((tensor([0]), tensor([1, 2])), (tensor([1, 2]), tensor([0])))
    """
    check_tensors({"batch source": source, "batch target": target})
    for name, side in (("source", source), ("target", target)):
        if side.dim() != 1 or side.dtype != torch.int64 or not len(side) or bool((side < 0).any()):
            raise GraphError(
                f"batch {name}: expected graph numbers from 0, int64 [n], got {side.dtype} {list(side.shape)}"
            )
    count = int(torch.maximum(source.max(), target.max())) + 1
    sides = [(side, side.bincount(minlength=count)) for side in (source, target)]
    for name, (_, size) in zip(("source", "target"), sides, strict=True):
        if not bool(size.all()):
            raise GraphError(f"batch: graph {int((size == 0).nonzero()[0])} has no {name} node")
    of_source, of_target = (side.argsort(stable=True).split(size.tolist()) for side, size in sides)
    return of_source, of_target
