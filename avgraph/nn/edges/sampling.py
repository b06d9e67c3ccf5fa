"""The edges that touch some nodes, all of them or a few drawn of each, gathered from the CSR view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Side


def incident_edges(
    nodes: Int64[Tensor, " m"],
    sides: Sequence[Side],
    *,
    fan_out: int | None = None,
    rng: np.random.Generator | None = None,
) -> Int64[Tensor, " e"]:
    """Numbers of the edges of ``nodes``, ascending, each once.

    The work grows with what is returned, not with the degree of a node that many edges touch.

    Args:
        nodes: each once.
        sides: the ends at which an edge touches its node, of one edge list on the CPU.
        fan_out: most edges of a node, of all sides together, drawn without replacement; None takes all.
        rng: what they are drawn by.

    Raises:
        GraphError: if ``fan_out`` is not positive, or there is nothing to draw by.

    Example:
        >>> side = Side.from_index(torch.tensor([1, 0, 1, 2]), num_nodes=3)
        >>> incident_edges(torch.tensor([0, 1]), [side])
        tensor([0, 1, 2])
        >>> len(incident_edges(torch.tensor([0, 1]), [side], fan_out=1, rng=np.random.default_rng(0)))
        2
    """
    if fan_out is None:
        return _sorted([_all_of(nodes, side) for side in sides])
    if fan_out < 1 or rng is None:
        raise GraphError(f"fan_out: expected at least 1 and a generator to draw by, got {fan_out} and {rng}")
    degree = torch.stack([side.degree[nodes] for side in sides]).sum(0)
    few, many = nodes[degree <= fan_out], nodes[degree > fan_out]
    found = [_all_of(few, side) for side in sides]
    place = distinct_numbers(degree[degree > fan_out], fan_out, rng)  # in the edges of one side after the other
    for side in sides:
        of_side = side.degree[many].unsqueeze(1)
        here = (place >= 0) & (place < of_side)
        found.append(side.order[(side.pointer[many].unsqueeze(1) + place)[here]])
        place = place - of_side
    return _sorted(found)


def distinct_numbers(below: Int64[Tensor, " m"], size: int, rng: np.random.Generator) -> Int64[Tensor, "m size"]:
    """In each row ``size`` different numbers of 0 … below − 1, every choice equally likely (Floyd's algorithm).

    Bentley and Floyd, "A sample of brilliance", Communications of the ACM 30(9), 1987.

    Shapes:
        below [m], each at least ``size`` → [m, size]

    Example:
        >>> distinct_numbers(torch.tensor([3, 3]), 3, np.random.default_rng(0)).sort(1).values.tolist()
        [[0, 1, 2], [0, 1, 2]]
    """
    drawn = below.new_empty(len(below), size)
    if not len(below):
        return drawn
    for column in range(size):
        last = below - size + column
        number = torch.from_numpy(rng.integers(0, last.numpy(), endpoint=True))
        is_taken = (drawn[:, :column] == number.unsqueeze(1)).any(1)
        drawn[:, column] = torch.where(is_taken, last, number)
    return drawn


def _sorted(found: Sequence[Tensor]) -> Tensor:
    """Numbers ascending, each once."""
    edges: Tensor = torch.cat(list(found)).unique()
    return edges


def _all_of(nodes: Tensor, side: Side) -> Tensor:
    """Numbers of all edges of the nodes at one end."""
    degree = side.degree[nodes]
    before = degree.cumsum(0) - degree
    place = torch.arange(int(degree.sum())) + (side.pointer[nodes] - before).repeat_interleave(degree)
    return side.order[place]
