"""The fixed point of Sinkhorn's iteration, by matrix products on a kernel that is kept in range.

A half-step in the log domain takes n·m exponentials, one on the kernel K = exp(S + f + g) a product with a vector:
ten to fifteen times less on a CPU (benchmarks/coupling.py). The kernel alone under- or overflows at small ε, so the
scalings u, v are moved into the potentials f, g as soon as they grow (Schmitzer, "Stabilized sparse scaling
algorithms for entropy regularized transport problems", 2019), and where they leave the range within a block of
iterations that block is dropped for an exact iteration in the log domain. A problem that is not done after some
blocks gets a Newton step now and then (`avgraph.nn.transport._marginal_equations`).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from avgraph.nn.transport._inputs import Problem
from avgraph.nn.transport._marginal_equations import Potentials, newton_step

_BLOCK = 10  # iterations between two looks at the error
_ABSORB, _LARGEST = 5.0, 20.0  # |log u| that is moved into f, and that is not trusted any more
_LARGEST_NEWTON = 4096  # nodes on the smaller side: its equations are a dense matrix of float64
_FLUSH = 1e-28  # with both scalings at their largest such an entry is a mass of 1e-11; denormals are slow on a CPU


class FixedPoint(NamedTuple):
    """What the iteration ended with; ``log_plan = S + f + g``.

    Shapes:
        log_plan [B, n, m], f [B, n], g [B, m] (in units of ε), row_bound [B, n] and column_bound [B, m]: whether the
        node's mass is used up, n_iter and error [B]
    """

    log_plan: Tensor
    f: Tensor
    g: Tensor
    row_bound: Tensor
    column_bound: Tensor
    n_iter: Tensor
    error: Tensor


@torch.no_grad()
def fixed_point(problem: Problem, *, tol: float, max_iter: int) -> FixedPoint:
    """Iterate each problem until its error is at most ``tol``; those that are done take no more time."""
    size = len(problem.score)
    active = torch.arange(size, device=problem.score.device)
    found: list[tuple[Tensor, FixedPoint]] = []
    scaling, done = _Scaling(problem), 1
    # A Newton step takes about as long as n/4 iterations, so that half of the time at most is lost on either.
    spacing = max(_BLOCK, min(problem.score.shape[1:]) // 4)
    next_newton = 2 * spacing if min(problem.score.shape[1:]) <= _LARGEST_NEWTON else max_iter
    while True:
        count = min(scaling.block, max_iter - done)
        error = scaling.iterate(count)
        done += count
        finished = (error <= tol) if done < max_iter else torch.ones_like(error, dtype=torch.bool)
        if bool(finished.any()):
            found.append((active[finished], scaling.result(finished, done, error)))
            if bool(finished.all()):
                break
            active, scaling = active[~finished], scaling.take(~finished)
        if done >= next_newton and done < max_iter:
            scaling.newton()
            done, next_newton = done + 1, done + 1 + spacing
        elif done < max_iter:
            done += scaling.absorb()
    order = torch.cat([rows for rows, _ in found]).argsort()
    return FixedPoint(*(torch.cat(part)[order] for part in zip(*(one for _, one in found), strict=True)))


class _Scaling:
    """Potentials f, g, total (f + g + total moved into the kernel) and the scalings u, v, w on top of them."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.block = problem, _BLOCK
        size, n, m = problem.score.shape
        self.f, self.g = problem.score.new_zeros(size, n), problem.score.new_zeros(size, m)
        self.total = problem.score.new_zeros(size, 1)
        self.trusted = torch.ones(size, dtype=torch.bool, device=problem.score.device)
        self._log_step()

    def _log_step(self) -> None:
        """One exact iteration on the potentials, and their kernel."""
        score, log_a, log_b, log_mass = self.problem
        partial = log_mass is not None
        self.f = log_a - self.total - (score + self.g[:, None, :]).logsumexp(2)
        if partial:
            self.f.clamp_(max=0)
        shifted = score + self.f[:, :, None]
        self.g = log_b - self.total - shifted.logsumexp(1)
        if partial:
            self.g.clamp_(max=0)
        shifted += self.g[:, None, :]
        if log_mass is not None:
            self.total = (log_mass - shifted.logsumexp((1, 2)))[:, None]
            shifted += self.total[:, :, None]
        self.a, self.b = log_a.exp(), log_b.exp()
        self._start(shifted)

    def _start(self, exponent: Tensor) -> None:
        """Scalings of 1 on the kernel of the potentials."""
        log_mass = self.problem.log_mass
        partial = log_mass is not None
        self.exponent = exponent
        self.kernel = F.threshold(exponent.exp(), _FLUSH, 0.0)
        self.u, self.v, self.w = torch.ones_like(self.f), torch.ones_like(self.g), torch.ones_like(self.total)
        # A partial coupling never scales a row up beyond exp(0): where it would, mass is left over.
        self.most_u = (-self.f).exp() if partial else None
        self.most_v = (-self.g).exp() if partial else None
        self.mass = None if log_mass is None else log_mass.exp()[:, None]

    def _rows(self) -> Tensor:
        return torch.bmm(self.kernel, self.v[:, :, None])[:, :, 0]

    def _columns(self) -> Tensor:
        return torch.bmm(self.u[:, None, :], self.kernel)[:, 0, :]

    def iterate(self, count: int) -> Tensor:
        """``count`` iterations; the error of each problem, infinite where the scalings cannot be trusted [B]."""
        for _ in range(count):
            self.u = _divide(self.a, self.w * self._rows(), self.most_u)
            columns = self._columns()
            self.v = _divide(self.b, self.w * columns, self.most_v)
            if self.mass is not None:
                self.w = self.mass / (columns * self.v).sum(1, keepdim=True)
        rows, columns = self.w * self._rows(), self.w * self._columns()
        # What the next half-step would make of the sums; without `most` simply a and b.
        next_rows = self.a if self.most_u is None else torch.minimum(self.a, rows * self.most_u)
        next_columns = self.b if self.most_v is None else torch.minimum(self.b, columns * self.most_v)
        error = torch.maximum((self.u * rows - next_rows).abs().sum(1), (self.v * columns - next_columns).abs().sum(1))
        self.growth = torch.cat([self.u, self.v, self.w], 1).log().abs().amax(1)
        self.trusted = (self.growth <= _LARGEST) & error.isfinite()
        return torch.where(self.trusted, error, torch.inf)

    def absorb(self) -> int:
        """Move large scalings into the potentials, drop those not trusted; the number of iterations this made."""
        if bool((self.growth <= _ABSORB).all()):
            return 0
        self.f, self.g, self.total = self._potentials()
        self.block = _BLOCK if bool(self.trusted.all()) else max(1, self.block // 2)
        self._log_step()
        return 1

    def newton(self) -> None:
        """A Newton step; the kernel is made before the potentials are rounded to the type of the cost."""
        found = newton_step(self.problem, self._potentials())
        dtype = self.exponent.dtype
        self.f, self.g, self.total = (part.to(dtype) for part in found)
        self._start(found.exponent(self.problem.score.double()).to(dtype))

    def _potentials(self) -> Potentials:
        keep, pairs = self.trusted[:, None], ((self.f, self.u), (self.g, self.v), (self.total, self.w))
        return Potentials(*(torch.where(keep, value + scaling.log(), value) for value, scaling in pairs))

    def take(self, rows: Tensor) -> _Scaling:
        """Go on with some of the problems."""
        part = object.__new__(_Scaling)
        part.problem, part.block = self.problem.take(rows), self.block
        names = ("f", "g", "total", "exponent", "kernel", "a", "b", "u", "v", "w", "most_u", "most_v", "mass")
        for name in (*names, "growth", "trusted"):
            value = getattr(self, name)
            setattr(part, name, None if value is None else value[rows])
        return part

    def result(self, rows: Tensor, n_iter: int, error: Tensor) -> FixedPoint:
        """Where some of the problems stand; untrusted scalings count as 1."""
        keep = self.trusted[rows, None]
        u, v, w = (torch.where(keep, value[rows], 1.0).log() for value in (self.u, self.v, self.w))
        plan = self.exponent[rows] + u[:, :, None] + (v + w)[:, None, :]
        row_bound, column_bound = (
            torch.ones_like(value[rows], dtype=torch.bool) if most is None else value[rows] < most[rows]
            for value, most in ((self.u, self.most_u), (self.v, self.most_v))
        )
        g = self.g[rows] + v + self.total[rows] + w
        counted = torch.full_like(error[rows], n_iter, dtype=torch.int64)
        return FixedPoint(plan, self.f[rows] + u, g, row_bound, column_bound, counted, error[rows])


def _divide(mass: Tensor, total: Tensor, most: Tensor | None) -> Tensor:
    scaling = mass / total
    return scaling if most is None else torch.minimum(scaling, most)
