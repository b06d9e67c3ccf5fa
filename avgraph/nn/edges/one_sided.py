"""Edges that only one of their ends takes up: what a node that comes later is told without telling anybody."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Incidence, Side


def one_sided(
    edge_index: Int64[Tensor, "2 e"],
    num_source: int,
    num_target: int,
    source_hears: Bool[Tensor, " e"],
    target_hears: Bool[Tensor, " e"],
) -> Incidence:
    """The CSR view of an edge list in which an end may not hear of an edge: it is no part of its sum or its degree.

    Every edge still reads the states of both of its ends. Where both ends are of one node set, no edge may be a loop.

    For inference alone: the gradient of a sum would come from edges that are not in it.

    Args:
        edge_index: the edges.
        num_source, num_target: how many nodes there are.
        source_hears, target_hears: whether the end takes the edge up.

    Raises:
        GraphError: as `Incidence.from_edge_index`, or where gradients are computed.

    Example:
        >>> yes, no = torch.tensor([True]), torch.tensor([False])
        >>> with torch.no_grad():
        ...     plan = one_sided(torch.tensor([[0], [1]]), 2, 2, yes, no)
        >>> plan.source.degree.tolist(), plan.target.degree.tolist()
        ([1, 0], [0, 0])
    """
    if torch.is_grad_enabled():
        raise GraphError("one_sided: has no gradient; use it within torch.no_grad()")
    whole = Incidence.from_edge_index(edge_index, num_source, num_target)
    source, target = _heard(whole.source, source_hears), _heard(whole.target, target_hears)
    degree = None if whole.degree is None else source.degree + target.degree - whole.loop_side.degree
    return Incidence(source, target, whole.loop, whole.loop_side, degree)


def _heard(side: Side, hears: Tensor) -> Side:
    degree = torch.bincount(side.index[hears], minlength=side.num_nodes)
    pointer = torch.cat([degree.new_zeros(1), degree.cumsum(0)])
    return Side(side.index, side.order[hears[side.order]], pointer, degree)
