"""Newton's step on the dual of a coupling, for the problems on which Sinkhorn's iteration crawls.

Where ε is small and two matchings cost nearly the same, the iteration moves mass between them by a vanishing share
each time; 10 to 30 steps on the dual replace tens of thousands of iterations (benchmarks/coupling.py).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from avgraph.nn.transport._inputs import Problem
from avgraph.nn.transport._marginal_equations import partial_matrix, solve_marginals, solve_partial

_HALVINGS = 12
_PINNINGS = 8  # more would be few potentials each
_ENOUGH = 1e-4  # share of the promised gain that a step must bring (Armijo)


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
    for _ in range(_HALVINGS):
        # Rounding of the sums of exponentials hides gains below 1e-15: near the solution the whole step is taken.
        grows = dual(moved(share)) >= before + _ENOUGH * share[:, 0] * slope - 1e-15
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
