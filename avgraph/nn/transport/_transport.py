"""A dense coupling: problems stacked, the solver that the gradient asks for, the result as a `Coupling`."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.transport._feasible import check_supports
from avgraph.nn.transport._fixed_point import fixed_point
from avgraph.nn.transport._gradients import ImplicitCoupling, unrolled
from avgraph.nn.transport._inputs import Problem, check_solved
from avgraph.nn.transport.coupling import Coupling, Grad, transport_cost


def couple(
    cost: Tensor, epsilon: float, a: Tensor, b: Tensor, mass: float | None, *, max_iter: int, tol: float, grad: Grad
) -> Coupling:
    """Couple checked costs [..., n, m] and masses [..., n], [..., m]; ``mass`` None moves all of it."""
    lead = cost.shape[:-2]
    price = _prices(cost)
    # Half precision has neither the range nor the digits of a marginal.
    with torch.autocast(cost.device.type, enabled=False):
        score = (-cost / epsilon).reshape(-1, *cost.shape[-2:])
        log_a, log_b = (side.reshape(-1, side.shape[-1]).log() for side in (a, b))
        log_mass = None if mass is None else score.new_full((len(score),), mass).log()
        problem = Problem(score, log_a, log_b, log_mass)
        if grad == "detach":
            found = fixed_point(Problem(score.detach(), log_a.detach(), log_b.detach(), log_mass), tol=tol,
                                max_iter=max_iter)  # fmt: skip
            log_plan, f, g, n_iter, error = found.log_plan, found.f, found.g, found.n_iter, found.error
        elif grad == "unroll":
            log_plan, f, g, n_iter, error = unrolled(problem, tol=tol, max_iter=max_iter)
        else:
            log_plan, f, g, n_iter, error = ImplicitCoupling.apply(*problem, tol, max_iter)
        converged = error <= tol
        if mass is None:
            check_supports(score, log_a.exp(), log_b.exp(), converged)
            shift = g.mean(1, keepdim=True)  # f + t, g − t give the same plan: fix which pair is meant
            f, g = f + shift, g - shift
        f, g = f * epsilon, g * epsilon
        check_solved(cost, epsilon, f, g, error)
        plan = log_plan.exp().reshape(cost.shape)
        return Coupling(
            plan=plan,
            log_plan=log_plan.reshape(cost.shape),
            f=f.reshape(*lead, -1),
            g=g.reshape(*lead, -1),
            converged=converged.reshape(lead),
            n_iter=n_iter.reshape(lead),
            error=error.reshape(lead),
            cost=transport_cost(plan.flatten(-2), price.flatten(-2)),
        )


def _prices(cost: Tensor) -> Tensor:
    """The cost, 0 for the pairs that it forbids, which carry nothing; refuses a node that has no pair left."""
    allowed = cost.isfinite()
    if bool(allowed.all()):
        return cost
    for name, dim in (("row", -1), ("column", -2)):
        empty = ~allowed.any(dim)
        if bool(empty.any()):
            place = empty.nonzero()[0].tolist()
            raise GraphError(f"infeasible: {name} {place[-1]} of the cost is infinite throughout; it has no partner")
    return cost.masked_fill(~allowed, 0)
