"""Sums over the edges of a node, and the gather whose gradient is such a sum; deterministic on every device."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.kernels import reduce_rows, take_rows


def segment_sum(x: Float[Tensor, "e h"], side: Side) -> Float[Tensor, "n h"]:
    """Sum of the rows of each node's edges, ``out[v] = Σ x[k] over edges k of v``; 0 for a node without edges.

    Shapes:
        x [e, h] → [n, h]

    Raises:
        GraphError: if there is not one row per edge.

    Example:
        >>> side = Side.from_index(torch.tensor([1, 0, 1]), num_nodes=3)
        >>> segment_sum(torch.tensor([[1.0], [2.0], [3.0]]), side).squeeze(1).tolist()
        [2.0, 4.0, 0.0]
    """
    if x.shape[0] != side.index.shape[0]:
        raise GraphError(f"segment_sum: expected {len(side.index)} rows (one per edge), got {list(x.shape)}")
    if torch.compiler.is_compiling():  # a traced graph holds plain operations, which its compiler fuses
        return x.new_zeros(side.num_nodes, x.shape[1]).index_add(0, side.index, x)
    out: Tensor = _SegmentSum.apply(x, side)
    return out


def gather_rows(x: Float[Tensor, "n h"], side: Side) -> Float[Tensor, "e h"]:
    """``x[side.index]`` whose gradient is `segment_sum`, not an atomic index_add.

    Shapes:
        x [n, h] → [e, h]

    Raises:
        GraphError: if there is not one row per node.

    Example:
        >>> side = Side.from_index(torch.tensor([1, 0, 1]), num_nodes=2)
        >>> gather_rows(torch.tensor([[5.0], [6.0]]), side).squeeze(1).tolist()
        [6.0, 5.0, 6.0]
    """
    if x.shape[0] != side.num_nodes:
        raise GraphError(f"gather_rows: expected {side.num_nodes} rows (one per node), got {list(x.shape)}")
    if torch.compiler.is_compiling():
        return x.index_select(0, side.index)
    out: Tensor = _GatherRows.apply(x, side)
    return out


def divide_by_degree(total: Float[Tensor, "n h"], degree: Tensor) -> Float[Tensor, "n h"]:
    """Sum → mean; a node without edges keeps its zero."""
    return total / degree.clamp(min=1).unsqueeze(1)


def segment_logsumexp(x: Tensor, side: Side) -> Tensor:
    """log Σ exp(x) over the edges of each node; −∞ for a node without edges.

    Shapes:
        x [e] → [n]

    Example:
        >>> side = Side.from_index(torch.tensor([1, 0, 1]), num_nodes=2)
        >>> segment_logsumexp(torch.zeros(3), side).exp()
        tensor([1., 2.])
    """
    top = _largest(x, side)
    return segment_sum((x - top[side.index]).exp()[:, None], side)[:, 0].log() + top


def edge_softmax(score: Float[Tensor, " e"], side: Side) -> Float[Tensor, " e"]:
    """Share of each edge among those of its node, ``exp(score)`` scaled to the sum 1 a node; all 0 where all are −∞.

    Shapes:
        score [e] → [e]

    Example:
        >>> side = Side.from_index(torch.tensor([1, 0, 1]), num_nodes=2)
        >>> edge_softmax(torch.tensor([0.0, 5.0, 0.0]), side)
        tensor([0.5000, 1.0000, 0.5000])
    """
    mass = (score - _largest(score, side)[side.index]).exp()[:, None]
    total = segment_sum(mass, side).clamp_min(torch.finfo(score.dtype).tiny)
    return (mass / gather_rows(total, side))[:, 0]


@torch.no_grad()
def _largest(x: Tensor, side: Side) -> Tensor:
    """Of each node's edges; 0 for a node without edges."""
    top = x.new_full((side.num_nodes,), -torch.inf).scatter_reduce(0, side.index, x, "amax")
    return top.nan_to_num(neginf=0.0)


class _SegmentSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, side: Side) -> Tensor:
        ctx.side = side
        return reduce_rows(x, side)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return gather_rows(grads[0], ctx.side), None


class _GatherRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, side: Side) -> Tensor:
        ctx.side = side
        return take_rows(x, side)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return segment_sum(grads[0], ctx.side), None
