"""Entropic partial optimal transport along the edges of a bipartite graph (m-LTM, ICLR 2024, Eq. 13)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.errors import GraphError
from avgraph.nn._feasible import most_mass
from avgraph.nn._partial_edges import iterate_partial, solve_partial_on_edges
from avgraph.nn._transport_inputs import check_edge_cost, check_solved, check_solver, masses
from avgraph.nn.coupling import Coupling, Grad
from avgraph.nn.incidence import Incidence
from avgraph.nn.segment import segment_sum


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
    with torch.autocast(cost.device.type, enabled=False):
        given = (-cost / epsilon, a.log(), b.log())
        if grad == "implicit":
            log_plan, f, g, n_iter, error = _ImplicitPartialEdges.apply(*given, edges, mass, tol, max_iter)
        else:
            unroll = grad == "unroll"
            with torch.set_grad_enabled(unroll and torch.is_grad_enabled()):
                found = iterate_partial(
                    given[0], edges, *given[1:], mass, tol=tol, max_iter=max_iter, newton=not unroll
                )
            log_plan, f, g, n_iter, error = found.log_plan, found.f, found.g, found.n_iter, found.error
    if not bool(error <= tol):
        able = most_mass(edge_index, a, b)
        if able < mass * (1 - 1e-6):
            raise GraphError(f"infeasible: the edges can carry at most {able:.6g}, less than the mass {mass:.6g}")
    f, g = f.detach() * epsilon, g.detach() * epsilon
    check_solved(cost, epsilon, f, g, error)
    return Coupling(log_plan.exp(), log_plan, f, g, error <= tol, n_iter, error)


class _ImplicitPartialEdges(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, score: Tensor, log_a: Tensor, log_b: Tensor, edges: Incidence, mass: float, tol: float, max_iter: int
    ) -> tuple[Tensor, ...]:
        found = iterate_partial(score, edges, log_a, log_b, mass, tol=tol, max_iter=max_iter)
        ctx.save_for_backward(found.log_plan, log_a, log_b, found.row_bound, found.column_bound)
        ctx.edges = edges
        told = (found.f, found.g, found.n_iter, found.error)
        ctx.mark_non_differentiable(*told)
        return found.log_plan, *told

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        log_plan, log_a, log_b, *free = ctx.saved_tensors
        edges, plan, of_plan = ctx.edges, log_plan.exp(), grads[0]
        row, column = (segment_sum(of_plan[:, None], side)[:, 0] for side in (edges.source, edges.target))
        found = solve_partial_on_edges(plan, edges, (free[0], free[1]), (row, column, of_plan.sum()))
        x, y, z = (part.to(plan) for part in found)
        of_score = of_plan - plan * (x[edges.source.index] + y[edges.target.index] + z)
        return of_score, x * log_a.exp(), y * log_b.exp(), None, None, None, None
