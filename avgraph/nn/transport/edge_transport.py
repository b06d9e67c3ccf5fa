"""Entropic optimal transport, of all mass or a part, along edges of a bipartite graph: alternating edge softmax."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.transport._edge_equations import solve_on_edges, sum_of_edges
from avgraph.nn.transport._edge_iteration import iterate
from avgraph.nn.transport._feasible import check_feasible, check_mass
from avgraph.nn.transport._inputs import EdgeProblem, check_edge_cost, check_solved, check_solver, check_totals, masses
from avgraph.nn.transport.coupling import Coupling, Grad, transport_cost


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
    check_solver(epsilon, max_iter, tol, grad)
    cost = check_edge_cost(cost, edge_index, epsilon)
    edges = Incidence.from_edge_index(edge_index, *num_nodes)
    for name, side in (("source", edges.source), ("target", edges.target)):
        if not bool(side.degree.all()):
            raise GraphError(f"infeasible: {name} node {int((side.degree == 0).nonzero()[0])} has no edge")
    a, b = masses("a", a, num_nodes[:1], cost), masses("b", b, num_nodes[1:], cost)
    check_totals(a, b)
    check_feasible(edge_index, a, b, slack=tol)
    found = couple_on_edges(cost, edges, epsilon, a, b, None, max_iter=max_iter, tol=tol, grad=grad)
    check_solved(cost, epsilon, found.f, found.g, found.error)
    return found


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
    check_mass(edge_index, a, b, mass, slack=tol)
    found = couple_on_edges(cost, edges, epsilon, a, b, mass, max_iter=max_iter, tol=tol, grad=grad)
    check_solved(cost, epsilon, found.f, found.g, found.error)
    return found


def couple_on_edges(
    cost: Tensor,
    edges: Incidence,
    epsilon: float,
    a: Tensor,
    b: Tensor,
    mass: float | None,
    *,
    max_iter: int,
    tol: float,
    grad: Grad,
) -> Coupling:
    """Couple along checked edges [e], masses [n] and [m]; ``mass`` None moves all of it."""
    # Half precision has neither the range nor the digits of a marginal.
    with torch.autocast(cost.device.type, enabled=False):
        problem = EdgeProblem(-cost / epsilon, edges, a.log(), b.log(), mass)
        if grad == "implicit":
            score, _, log_a, log_b, _ = problem
            log_plan, f, g, n_iter, error = _ImplicitEdges.apply(score, log_a, log_b, edges, mass, tol, max_iter)
        else:
            unroll = grad == "unroll"
            with torch.set_grad_enabled(unroll and torch.is_grad_enabled()):
                found = iterate(problem, tol=tol, max_iter=max_iter, newton=not unroll)
            log_plan, f, g, n_iter, error = found.log_plan, found.f, found.g, found.n_iter, found.error
        f, g = f.detach(), g.detach()
        if mass is None:
            shift = g.mean()  # f + t, g − t give the same plan: fix which pair is meant
            f, g = f + shift, g - shift
        plan = log_plan.exp()
        return Coupling(
            plan, log_plan, f * epsilon, g * epsilon, error <= tol, n_iter, error, transport_cost(plan, cost)
        )


class _ImplicitEdges(torch.autograd.Function):
    """`avgraph.nn.transport._gradients.ImplicitCoupling` on edges, without the gradients of f and g."""

    @staticmethod
    def forward(
        ctx: Any,
        score: Tensor,
        log_a: Tensor,
        log_b: Tensor,
        edges: Incidence,
        mass: float | None,
        tol: float,
        max_iter: int,
    ) -> tuple[Tensor, ...]:
        found = iterate(EdgeProblem(score, edges, log_a, log_b, mass), tol=tol, max_iter=max_iter)
        ctx.save_for_backward(found.log_plan, log_a, log_b, found.row_bound, found.column_bound)
        ctx.edges, ctx.partial, ctx.tol = edges, mass is not None, tol
        told = (found.f, found.g, found.n_iter, found.error)
        ctx.mark_non_differentiable(*told)
        return found.log_plan, *told

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        log_plan, log_a, log_b, *bound = ctx.saved_tensors
        source, target, plan, of_plan = ctx.edges.source, ctx.edges.target, log_plan.exp(), grads[0]
        # Rows and columns must add up to the same: rounded to float32 they do not, and no solution is found.
        exact = of_plan.double()
        right = (sum_of_edges(exact, source), sum_of_edges(exact, target), exact.sum() if ctx.partial else None)
        free = (bound[0], bound[1]) if ctx.partial else None
        x, y, z = (part.to(plan) for part in solve_on_edges(plan, ctx.edges, right, free=free, tol=ctx.tol))
        of_score = of_plan - plan * ((x + z)[source.index] + y[target.index])
        return of_score, x * log_a.exp(), y * log_b.exp(), None, None, None, None
