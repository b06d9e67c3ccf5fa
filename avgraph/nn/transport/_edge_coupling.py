"""Entropic couplings along edges, checked, solved and differentiated, for the functions and the layers of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.transport._edge_equations import solve_on_edges, sum_of_edges
from avgraph.nn.transport._edge_iteration import HalfStep, iterate
from avgraph.nn.transport._feasible import check_feasible, check_mass
from avgraph.nn.transport._inputs import EdgeProblem, check_edge_cost, check_solved, check_solver, check_totals, masses
from avgraph.nn.transport.coupling import Coupling, Grad, transport_cost

Function = TypeVar("Function", bound=Callable[..., Any])


def untraced(function: Function) -> Function:
    """For what iterates until values say that it is enough: ``torch.compile`` runs it as it is, at a graph break."""
    return cast(Function, torch.compiler.disable(function))


@untraced
def couple_edges(
    cost: Tensor,
    edge_index: Tensor,
    epsilon: float,
    mass: float | None,
    a: Tensor | None,
    b: Tensor | None,
    *,
    num_nodes: tuple[int, int],
    max_iter: int,
    tol: float,
    grad: Grad,
    half_step: HalfStep | None = None,
) -> Coupling:
    """`avgraph.nn.sinkhorn_edges`, or with a mass `avgraph.nn.partial_sinkhorn_edges`.

    With a ``half_step`` of a layer every iteration goes through it, and so does the gradient.
    """
    check_solver(epsilon, max_iter, tol, grad)
    cost = check_edge_cost(cost, edge_index, epsilon)
    edges = Incidence.from_edge_index(edge_index, *num_nodes)
    _check_once(edge_index, num_nodes[1])
    if mass is None:
        for name, side in (("source", edges.source), ("target", edges.target)):
            if not bool(side.degree.all()):
                raise GraphError(f"infeasible: {name} node {int((side.degree == 0).nonzero()[0])} has no edge")
    a, b = masses("a", a, num_nodes[:1], cost), masses("b", b, num_nodes[1:], cost)
    if mass is None:
        check_totals(a, b)
        check_feasible(edge_index, a, b, slack=tol)
    else:
        most = min(float(a.detach().sum()), float(b.detach().sum()))
        if not 0 < mass <= most * (1 + 1e-5):
            raise GraphError(f"mass: expected above 0 and at most min(Σa, Σb) = {most:.6g}, got {mass}")
        check_mass(edge_index, a, b, mass, slack=tol)
    found = _couple(cost, edges, epsilon, a, b, mass, max_iter=max_iter, tol=tol, grad=grad, half_step=half_step)
    check_solved(cost, epsilon, found.f, found.g, found.error)
    return found


def _check_once(edge_index: Tensor, num_targets: int) -> None:
    """Refuse a pair that is there twice: each of its edges would take a part of the mass."""
    number = (edge_index[0] * num_targets + edge_index[1]).sort().values
    again = (number[1:] == number[:-1]).nonzero()[:, 0]
    if len(again):
        pair = divmod(int(number[again[0]]), num_targets)
        raise GraphError(f"edge_index: the pair {pair} is there more than once; see torch_geometric.utils.coalesce")


def _couple(
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
    half_step: HalfStep | None,
) -> Coupling:
    # Half precision has neither the range nor the digits of a marginal.
    with torch.autocast(cost.device.type, enabled=False):
        problem = EdgeProblem(-cost / epsilon, edges, a.log(), b.log(), mass)
        if grad == "implicit" and half_step is None:
            score, _, log_a, log_b, _ = problem
            log_plan, f, g, n_iter, error = _ImplicitEdges.apply(score, log_a, log_b, edges, mass, tol, max_iter)
        else:
            plain = grad != "detach" or half_step is not None
            with torch.set_grad_enabled(grad != "detach" and torch.is_grad_enabled()):
                found = iterate(problem, tol=tol, max_iter=max_iter, newton=not plain, half_step=half_step)
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
