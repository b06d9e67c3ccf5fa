"""A coupling on edges: the solver that the gradient asks for, and the result as a `Coupling`."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.edges.incidence import Incidence
from avgraph.nn.transport._edge_equations import solve_on_edges, sum_of_edges
from avgraph.nn.transport._edge_iteration import iterate
from avgraph.nn.transport._inputs import EdgeProblem
from avgraph.nn.transport.coupling import Coupling, Grad, transport_cost


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
