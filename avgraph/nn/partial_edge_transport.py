"""Entropic partial optimal transport along the edges of a bipartite graph (m-LTM, ICLR 2024, Eq. 13)."""

from __future__ import annotations

from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn._edge_transport import couple_on_edges
from avgraph.nn._feasible import most_mass
from avgraph.nn._transport_inputs import check_edge_cost, check_solved, check_solver, masses
from avgraph.nn.coupling import Coupling, Grad
from avgraph.nn.incidence import Incidence


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
    check_solver(epsilon, max_iter, tol, grad)
    cost = check_edge_cost(cost, edge_index, epsilon)
    edges = Incidence.from_edge_index(edge_index, *num_nodes)
    a, b = masses("a", a, num_nodes[:1], cost), masses("b", b, num_nodes[1:], cost)
    most = min(float(a.detach().sum()), float(b.detach().sum()))
    if not 0 < mass <= most * (1 + 1e-5):
        raise GraphError(f"mass: expected above 0 and at most min(Σa, Σb) = {most:.6g}, got {mass}")
    found = couple_on_edges(cost, edges, epsilon, a, b, mass, max_iter=max_iter, tol=tol, grad=grad)
    if not bool(found.converged):
        able = most_mass(edge_index, a, b)
        if able < mass * (1 - 1e-6):
            raise GraphError(f"infeasible: the edges can carry at most {able:.6g}, less than the mass {mass:.6g}")
    check_solved(cost, epsilon, found.f, found.g, found.error)
    return found
