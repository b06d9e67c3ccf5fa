"""Entropic optimal transport, of all mass or a part, along edges of a bipartite graph: alternating edge softmax."""

from __future__ import annotations

from torch import Tensor

from avgraph.nn.transport._edge_coupling import couple_edges
from avgraph.nn.transport.coupling import Coupling, Grad


def sinkhorn_edges(
    cost: Tensor,
    edge_index: Tensor,
    epsilon: float,
    a: Tensor | None = None,
    b: Tensor | None = None,
    *,
    num_nodes: tuple[int, int],
    max_iter: int = 2000,
    tol: float = 1e-6,
    grad: Grad = "implicit",
) -> Coupling:
    """`avgraph.nn.sinkhorn` where only the listed pairs may be coupled, in the memory of the edges.

    The same function as the dense one with a cost of +∞ on every other pair. Each half-step is a segment
    log-sum-exp over the incoming edges of one node type. ``f`` and ``g`` carry no gradient here: in a graph of several
    components they are not unique.

    Args:
        cost: of each edge, finite.
        edge_index: source and target of each edge, each pair once.
        epsilon, a, b, max_iter, tol, grad: see `avgraph.nn.sinkhorn`.
        num_nodes: of the two sides.

    Shapes:
        cost [e], edge_index [2, e], a [n], b [m] → plan, log_plan [e], f [n], g [m]

    Raises:
        GraphError: as `avgraph.nn.sinkhorn`; if a node has no edge, or the edges cannot carry all mass.

    Example:
        >>> import torch
        >>> edge_index = torch.tensor([[0, 0, 1], [0, 1, 1]])
        >>> sinkhorn_edges(torch.zeros(3), edge_index, 0.1, num_nodes=(2, 2)).plan.round(decimals=4)
        tensor([0.5000, 0.0000, 0.5000])
    """
    return couple_edges(
        cost, edge_index, epsilon, None, a, b, num_nodes=num_nodes, max_iter=max_iter, tol=tol, grad=grad
    )


def partial_sinkhorn_edges(
    cost: Tensor,
    edge_index: Tensor,
    epsilon: float,
    mass: float,
    a: Tensor | None = None,
    b: Tensor | None = None,
    *,
    num_nodes: tuple[int, int],
    max_iter: int = 2000,
    tol: float = 1e-6,
    grad: Grad = "implicit",
) -> Coupling:
    """`avgraph.nn.partial_sinkhorn` where only the listed pairs may be coupled, in the memory of the edges.

    The same function as the dense one with a cost of +∞ on every other pair. A node without edges stays alone. ``f``
    and ``g`` carry no gradient here, nor does ``mass``.

    Args:
        cost: of each edge, finite.
        edge_index: source and target of each edge, each pair once.
        epsilon, mass, a, b, max_iter, tol, grad: see `avgraph.nn.partial_sinkhorn`.
        num_nodes: of the two sides.

    Shapes:
        cost [e], edge_index [2, e], a [n], b [m] → plan, log_plan [e], f [n], g [m]

    Raises:
        GraphError: as `avgraph.nn.partial_sinkhorn`, or if the edges cannot carry ``mass``.

    Example:
        >>> import torch
        >>> edge_index = torch.tensor([[0, 0, 1], [0, 1, 1]])
        >>> found = partial_sinkhorn_edges(torch.tensor([0.0, 1.0, 1.0]), edge_index, 0.1, 0.5, num_nodes=(2, 2))
        >>> found.plan.round(decimals=3)
        tensor([0.5000, 0.0000, 0.0000])
    """
    return couple_edges(
        cost, edge_index, epsilon, mass, a, b, num_nodes=num_nodes, max_iter=max_iter, tol=tol, grad=grad
    )
