"""Entropic optimal transport along the edges of a bipartite graph: Sinkhorn as alternating edge softmax."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.errors import GraphError
from avgraph.nn._edge_equations import solve_on_edges
from avgraph.nn._edge_iteration import iterate
from avgraph.nn._feasible import check_feasible
from avgraph.nn._transport_inputs import check_edge_cost, check_solved, check_solver, check_totals, masses
from avgraph.nn.coupling import Coupling, Grad
from avgraph.nn.incidence import Incidence
from avgraph.nn.segment import segment_sum


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
        >>> edge_index = torch.tensor([[0, 0, 1], [0, 1, 1]])
        >>> sinkhorn_edges(torch.zeros(3), edge_index, 0.1, num_nodes=(2, 2)).plan.round(decimals=4)
        tensor([0.5000, 0.0000, 0.5000])
    """
    check_solver(epsilon, max_iter, tol, grad)
    cost = check_edge_cost(cost, edge_index, epsilon)
    edges = Incidence.from_edge_index(edge_index, *num_nodes)
    for name, side in (("source", edges.source), ("target", edges.target)):
        if not bool(side.degree.all()):
            raise GraphError(f"infeasible: {name} node {int((side.degree == 0).nonzero()[0])} has no edge")
    a, b = masses("a", a, num_nodes[:1], cost), masses("b", b, num_nodes[1:], cost)
    check_totals(a, b)
    with torch.autocast(cost.device.type, enabled=False):
        score, log_a, log_b = -cost / epsilon, a.log(), b.log()
        given = (score, edges, log_a, log_b)
        if grad == "unroll":
            log_plan, f, g, n_iter, error = iterate(*given, tol=tol, max_iter=max_iter, newton=False)
        elif grad == "detach":
            with torch.no_grad():
                log_plan, f, g, n_iter, error = iterate(*given, tol=tol, max_iter=max_iter)
        else:
            log_plan, f, g, n_iter, error = _ImplicitEdges.apply(score, log_a, log_b, edges, tol, max_iter)
    if not bool(error <= tol):
        check_feasible(edge_index, a, b)
    f, g = f.detach(), g.detach()
    shift = g.mean()
    f, g = (f + shift) * epsilon, (g - shift) * epsilon
    check_solved(cost, epsilon, f, g, error)
    return Coupling(log_plan.exp(), log_plan, f, g, error <= tol, n_iter, error)


class _ImplicitEdges(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, score: Tensor, log_a: Tensor, log_b: Tensor, edges: Incidence, tol: float, max_iter: int
    ) -> tuple[Tensor, ...]:
        found = iterate(score, edges, log_a, log_b, tol=tol, max_iter=max_iter)
        ctx.save_for_backward(found[0], log_a, log_b)
        ctx.edges, ctx.tol = edges, tol
        ctx.mark_non_differentiable(*found[1:])
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        log_plan, log_a, log_b = ctx.saved_tensors
        edges, plan, of_plan = ctx.edges, log_plan.exp(), grads[0]
        row, column = (segment_sum(of_plan[:, None], side)[:, 0] for side in (edges.source, edges.target))
        x, y = (part.to(plan) for part in solve_on_edges(plan, edges, row, column, tol=ctx.tol))
        of_score = of_plan - plan * (x[edges.source.index] + y[edges.target.index])
        return of_score, x * log_a.exp(), y * log_b.exp(), None, None, None
