"""The two gradients of a coupling: the adjoint at the fixed point, which keeps no iteration, and the unrolled one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.transport._fixed_point import fixed_point
from avgraph.nn.transport._inputs import Problem
from avgraph.nn.transport._marginal_equations import partial_matrix, solve_marginals, solve_partial


class ImplicitCoupling(torch.autograd.Function):
    r"""(S, log a, log b, log mass) → log plan, f, g, and what the solver says of itself.

    The fixed point satisfies Σ_j π_ij = a_i on the rows whose mass is used up, the same on the columns, and Σ π = mass.
    With the adjoints of f, g, log π collected per row, per column and in total, x, y, z solve the transposed
    derivative of these equations (Luise et al., "Differential properties of Sinkhorn approximation", 2018), and

    .. math:: \bar S = \overline{\log\pi} - \pi \odot (x 1^\top + 1 y^\top + z)
    """

    @staticmethod
    def forward(
        ctx: Any, score: Tensor, log_a: Tensor, log_b: Tensor, log_mass: Tensor | None, tol: float, max_iter: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        found = fixed_point(Problem(score, log_a, log_b, log_mass), tol=tol, max_iter=max_iter)
        ctx.save_for_backward(found.log_plan, found.row_bound, found.column_bound, log_a, log_b)
        ctx.partial, ctx.tol = log_mass is not None, tol
        ctx.mark_non_differentiable(found.n_iter, found.error)
        return found.log_plan, found.f, found.g, found.n_iter, found.error

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        log_plan, row_bound, column_bound, log_a, log_b = ctx.saved_tensors
        of_plan, of_f, of_g = grads[:3]
        plan = log_plan.exp()
        row, column = of_f + of_plan.sum(2), of_g + of_plan.sum(1)
        if ctx.partial:
            free = torch.cat([row_bound, column_bound, torch.ones_like(row_bound[:, :1])], 1)
            right = torch.cat([row, column, (of_g.sum(1) + of_plan.sum((1, 2)))[:, None]], 1)
            found = solve_partial(partial_matrix(plan), free, right).to(plan)
            x, y, z = found.split([*plan.shape[1:], 1], 1)
        else:
            x, y = adjoint(plan, row, column, ctx.tol)
            z = torch.zeros_like(x[:, :1])
        of_score = of_plan - plan * (x[:, :, None] + (y + z)[:, None, :])
        return of_score, x * log_a.exp(), y * log_b.exp(), None, None, None


def adjoint(plan: Tensor, row: Tensor, column: Tensor, tol: float) -> tuple[Tensor, Tensor]:
    r"""Solve [[diag r, π], [πᵀ, diag c]] (x, y) = (row, column), r and c the marginals of π.

    Half of each side over its marginal is tried first: it is exact for `avgraph.nn.matching_loss`, whose gradient then
    costs two products. Else `solve_marginals` follows.

    Shapes:
        plan [B, n, m], row [B, n], column [B, m] → x [B, n], y [B, m]
    """
    of_row, of_column = plan.sum(2), plan.sum(1)
    x, y = row / (2 * of_row), column / (2 * of_column)
    left = (row - of_row * x - (plan @ y[:, :, None])[:, :, 0]).abs().sum(1)
    right = (column - of_column * y - (x[:, None, :] @ plan)[:, 0, :]).abs().sum(1)
    largest = torch.maximum(x.abs().amax(1), y.abs().amax(1))
    if bool((torch.maximum(left, right) <= 2 * tol * largest).all()):
        return x, y
    x, y = solve_marginals(plan, row, column)
    return x.to(plan), y.to(plan)


def unrolled(problem: Problem, *, tol: float, max_iter: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Log plan, f, g (in units of ε), iterations and error; all problems stop together, when the last one may.

    Its memory grows with the number of iterations.
    """
    score, log_a, log_b, log_mass = problem
    f, g = torch.zeros_like(log_a), torch.zeros_like(log_b)
    total = torch.zeros_like(f[:, :1])
    error, done = torch.full_like(total[:, 0], torch.inf), 0
    while done < max_iter and not bool((error <= tol).all()):
        f = log_a - total - (score + g[:, None, :]).logsumexp(2)
        f = f if log_mass is None else f.clamp(max=0)
        g = log_b - total - (score + f[:, :, None]).logsumexp(1)
        if log_mass is not None:
            g = g.clamp(max=0)
            total = (log_mass - (score + f[:, :, None] + g[:, None, :]).logsumexp((1, 2)))[:, None]
        done += 1
        with torch.no_grad():
            error = _error(problem, f, g, total)
    log_plan = score + f[:, :, None] + (g + total)[:, None, :]
    return log_plan, f, g + total, torch.full_like(error, done, dtype=torch.int64), error


def _error(problem: Problem, f: Tensor, g: Tensor, total: Tensor) -> Tensor:
    """How much mass the next half-step of either side would move [B]."""
    plan = (problem.score + f[:, :, None] + (g + total)[:, None, :]).exp()
    sides = []
    for potential, log_mass, dim in ((f, problem.log_a, 2), (g, problem.log_b, 1)):
        sums, mass = plan.sum(dim), log_mass.exp()
        goal = mass if problem.log_mass is None else torch.minimum(mass, sums * (-potential).exp())
        sides.append((sums - goal).abs().sum(1))
    return torch.maximum(*sides)
