"""How potentials move when marginals do: the linear equations behind the implicit gradient and Newton's step.

A change (x, y) of the log potentials of a plan π changes its row sums r by r·x + π y and its column sums c by
c·y + πᵀ x. Solved in float64, whatever the plan comes in: nearly separate blocks make the equations nearly singular.

Newton's step on the dual of a coupling, for the problems on which Sinkhorn's iteration crawls.

Where ε is small and two matchings cost nearly the same, the iteration moves mass between them by a vanishing share
each time; 10 to 30 steps on the dual replace tens of thousands of iterations (benchmarks/coupling.py).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from avgraph.nn.transport._damping import HALVINGS, grows_enough
from avgraph.nn.transport._inputs import Problem

_RIDGE = 1e-11  # of a matrix with unit diagonal, singular where potentials may be shifted


def solve_marginals(plan: Tensor, row: Tensor, column: Tensor) -> tuple[Tensor, Tensor]:
    """Changes of the log potentials that change the row sums by ``row`` and the column sums by ``column``.

    The larger side is eliminated, the smaller one solved by Cholesky factorisation.

    Shapes:
        plan [B, n, m], row [B, n], column [B, m] of equal totals → x [B, n], y [B, m], float64
    """
    plan, row, column = plan.double(), row.double(), column.double()
    if plan.shape[1] > plan.shape[2]:
        y, x = solve_marginals(plan.mT, column, row)
        return x, y
    of_row, of_column = plan.sum(2), plan.sum(1)
    root = of_row.sqrt()
    scaled = plan / (root[:, :, None] * of_column.sqrt()[:, None, :])
    unit = root / root.norm(dim=1, keepdim=True)  # shifting f against g changes nothing: this direction is null
    matrix = unit[:, :, None] * unit[:, None, :] - scaled @ scaled.mT
    matrix.diagonal(dim1=1, dim2=2).add_(1 + _RIDGE)
    right = (row - (plan @ (column / of_column)[:, :, None])[:, :, 0]) / root
    x = _solve(matrix, right) / root
    y = (column - (x[:, None, :] @ plan)[:, 0, :]) / of_column
    return x, y


def partial_matrix(plan: Tensor) -> Tensor:
    """Changes of (row sums, column sums, total mass) by those of the log potentials (rows, columns, total).

    Shapes:
        plan [B, n, m] → [B, n + m + 1, n + m + 1], float64
    """
    size, n, m = plan.shape
    plan = plan.double()
    sums = torch.cat([plan.sum(2), plan.sum(1), plan.sum((1, 2))[:, None]], 1)
    matrix = plan.new_zeros(size, n + m + 1, n + m + 1)
    matrix[:, :n, n : n + m] = plan
    matrix[:, n : n + m, :n] = plan.mT
    matrix[:, -1, :] = matrix[:, :, -1] = sums
    matrix.diagonal(dim1=1, dim2=2).copy_(sums)
    return matrix


def solve_partial(matrix: Tensor, free: Tensor, right: Tensor, pinned: Tensor | None = None) -> Tensor:
    """Changes of the potentials that are ``free`` for the changes ``right``; the others change by ``pinned`` or not.

    Shapes:
        matrix [B, k, k] of `partial_matrix`, free (bool), right, pinned [B, k] → [B, k], float64
    """
    right = right.double()
    if pinned is not None:
        pinned = torch.where(free, 0.0, pinned)
        right = right - (matrix @ pinned[:, :, None])[:, :, 0]
    scale = free / matrix.diagonal(dim1=1, dim2=2).clamp_min(torch.finfo(torch.float32).tiny).sqrt()
    scaled = scale[:, :, None] * matrix * scale[:, None, :]
    scaled.diagonal(dim1=1, dim2=2).fill_(1 + _RIDGE)
    found = _solve(scaled, right * scale) * scale
    return found if pinned is None else found + pinned


def _solve(matrix: Tensor, right: Tensor) -> Tensor:
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if bool(failed.any()):
        finite = matrix.isfinite().all(-1).all(-1)
        matrix = torch.where(finite[:, None, None], matrix, 0.0)
        found: Tensor = torch.linalg.pinv(matrix, hermitian=True) @ right[:, :, None]
        return found[:, :, 0]
    return torch.cholesky_solve(right[:, :, None], factor)[:, :, 0]


_PINNINGS = 8  # more would be few potentials each


class Potentials(NamedTuple):
    """Log potentials of rows and columns and of the total mass.

    Shapes:
        f [B, n], g [B, m], total [B, 1]
    """

    f: Tensor
    g: Tensor
    total: Tensor

    def exponent(self, score: Tensor) -> Tensor:
        """The log plan [B, n, m]."""
        return score + self.f[:, :, None] + (self.g + self.total)[:, None, :]


def newton_step(problem: Problem, at: Potentials) -> Potentials:
    r"""One damped step, in float64; each problem of the batch halves its own step until the dual grows.

    .. math:: \max_{f, g, t} \langle a, f \rangle + \langle b, g \rangle + s\,t - \sum_{ij} e^{S_{ij} + f_i + g_j + t}

    Without a mass s, t stays 0; with one f, g ≤ 0, and those that are 0 and would rise stay there.
    """
    score, log_a, log_b, log_mass = (None if part is None else part.double() for part in problem)
    assert score is not None
    assert log_a is not None
    assert log_b is not None
    at = Potentials(*(part.double() for part in at))
    a, b, mass = log_a.exp(), log_b.exp(), None if log_mass is None else log_mass.exp()
    plan = at.exponent(score).exp()
    row, column = a - plan.sum(2), b - plan.sum(1)
    if mass is None:
        step = Potentials(*solve_marginals(plan, row, column), torch.zeros_like(at.total))
        slope = (row * step.f).sum(1) + (column * step.g).sum(1)
    else:
        missing = torch.cat([row, column, (mass - plan.sum((1, 2)))[:, None]], 1)
        found = _bounded(plan, torch.cat([at.f, at.g], 1), missing)
        step = Potentials(*found.split([*plan.shape[1:], 1], 1))
        slope = (missing * found).sum(1)

    # Costs so large that a problem has no finite step leave it where it is.
    step = Potentials(*(torch.where(part.isfinite(), part, 0.0) for part in step))

    def dual(here: Potentials) -> Tensor:
        value = (a * here.f).sum(1) + (b * here.g).sum(1) - here.exponent(score).exp().sum((1, 2))
        return value if mass is None else value + mass * here.total[:, 0]

    def moved(share: Tensor) -> Potentials:
        f, g, total = (one + share * other for one, other in zip(at, step, strict=True))
        return Potentials(f, g, total) if mass is None else Potentials(f.clamp(max=0), g.clamp(max=0), total)

    before = dual(at)
    share = torch.ones_like(at.total)
    for _ in range(HALVINGS):
        grows = grows_enough(dual(moved(share)), before, share[:, 0] * slope)
        if bool(grows.all()):
            return moved(share)
        share = torch.where(grows[:, None], share, share / 2)
    return moved(torch.where(grows[:, None], share, 0.0))


def _bounded(plan: Tensor, potential: Tensor, missing: Tensor) -> Tensor:
    """The step of a partial coupling: potentials that it would carry above 0 are stopped there, one set at a time."""
    matrix = partial_matrix(plan)
    free = torch.cat([(potential < 0) | (missing[:, :-1] < 0), torch.ones_like(potential[:, :1], dtype=torch.bool)], 1)
    pinned = torch.cat([-potential, torch.zeros_like(potential[:, :1])], 1)
    for _ in range(_PINNINGS):
        step = solve_partial(matrix, free, missing, pinned)
        over = free[:, :-1] & (potential + step[:, :-1] > 0)
        if not bool(over.any()):
            break
        free[:, :-1] &= ~over
    return step
