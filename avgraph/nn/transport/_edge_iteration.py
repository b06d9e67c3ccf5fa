"""Sinkhorn's iteration on edges, with a Newton step now and then where it crawls.

A partial coupling is Dykstra's projections: in the dual block ascent on ⟨a, f⟩ + ⟨b, g⟩ + s·t − Σ exp(S + f + g + t)
with f, g ≤ 0, so that a step may start anywhere. A node whose potential is below 0 is bound: its mass is used up. The
full coupling is the same without the bounds and with t = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.segment import gather_rows, segment_logsumexp
from avgraph.nn.transport._damping import HALVINGS, grows_enough
from avgraph.nn.transport._edge_equations import solve_on_edges, sum_of_edges
from avgraph.nn.transport._inputs import EdgeProblem

HalfStep = Callable[[Tensor, Side, Side], Tensor]
"""(score of each edge, the side that sums, the other one) → log Σ exp(score) of each node."""

_SPACING = 50  # iterations between two Newton steps, each of which takes some dozen sums over all edges


class EdgePlan(NamedTuple):
    """What the iteration ended with, potentials in units of ε; g carries that of the total.

    Shapes:
        log_plan [e], f [n], g [m], row_bound [n], column_bound [m], n_iter and error scalar
    """

    log_plan: Tensor
    f: Tensor
    g: Tensor
    row_bound: Tensor
    column_bound: Tensor
    n_iter: Tensor
    error: Tensor


def iterate(
    problem: EdgeProblem, *, tol: float, max_iter: int, newton: bool = True, half_step: HalfStep | None = None
) -> EdgePlan:
    """Iterate until both sides are within ``tol`` of their masses; differentiable without Newton steps.

    ``half_step`` is what one side sums its edges with in place of `segment_logsumexp`: steps of a layer.
    """
    score, (source, target), mass = problem.score, problem.sides, problem.mass
    a, b = problem.log_a.detach().exp(), problem.log_b.detach().exp()
    f, g, total = torch.zeros_like(problem.log_a), torch.zeros_like(problem.log_b), score.new_zeros(())
    done, error = 0, score.new_tensor(torch.inf)
    rows = _logsumexp(half_step, score, source, target, mass)
    while done < max_iter and not bool(error <= tol):
        if newton and done % _SPACING == _SPACING - 1:
            f, g, total = newton_step(problem, EdgePotentials(f, g, total))
            rows = _logsumexp(half_step, score + _on_edges(g, target), source, target, mass)
        f = problem.log_a - rows if mass is None else (problem.log_a - total - rows).clamp(max=0)
        columns = _logsumexp(half_step, score + _on_edges(f, source), target, source, mass)
        g = problem.log_b - columns if mass is None else (problem.log_b - total - columns).clamp(max=0)
        if mass is not None:
            total = math.log(mass) - (columns + g).logsumexp(0)
        rows = _logsumexp(half_step, score + _on_edges(g, target), source, target, mass)
        done += 1
        with torch.no_grad():
            if mass is None:  # the columns are exact after their half-step
                error = ((f + rows).exp() - a).abs().sum()
            else:
                error = torch.maximum(_wrong(f, total + rows, a), _wrong(g, total + columns, b))
    log_plan = score + _on_edges(f, source) + _on_edges(g + total, target)
    return EdgePlan(log_plan, f, g + total, f < 0, g < 0, torch.tensor(done, device=score.device), error)


def _wrong(potential: Tensor, sums: Tensor, most: Tensor) -> Tensor:
    """How much mass the next half-step of one side of a partial coupling would move."""
    return ((potential + sums).exp() - torch.minimum(most, sums.exp())).abs().sum()


def _logsumexp(half_step: HalfStep | None, x: Tensor, side: Side, other: Side, mass: float | None) -> Tensor:
    """Over the edges of each node; one without, which only a partial coupling has, counts as having a little."""
    sums = segment_logsumexp(x, side) if half_step is None else half_step(x, side, other)
    return sums if mass is None else torch.where(side.degree > 0, sums, torch.finfo(x.dtype).min / 4)


def _on_edges(potential: Tensor, side: Side) -> Tensor:
    return gather_rows(potential[:, None], side)[:, 0]


_CONJUGATE = 200  # iterations of the equations; totals of a and b that agree to rounding only have no solution


class EdgePotentials(NamedTuple):
    """Log potentials of rows and columns and of the total mass.

    Shapes:
        f [n], g [m], total scalar
    """

    f: Tensor
    g: Tensor
    total: Tensor


def newton_step(problem: EdgeProblem, at: EdgePotentials) -> EdgePotentials:
    """One damped step on ⟨a, f⟩ + ⟨b, g⟩ + s·t − Σ exp(S + f + g + t), in float64; where it cannot grow, none.

    Without a mass s, t stays 0; with one f, g ≤ 0, and those that are 0 and would rise stay there.
    """
    edges, mass, dtype = problem.edges, problem.mass, problem.score.dtype
    score, a, b, f, g, total = (x.double() for x in (problem.score, problem.log_a.exp(), problem.log_b.exp(), *at))

    def plan(f: Tensor, g: Tensor, total: Tensor) -> Tensor:
        return (score + (f + total)[edges.source.index] + g[edges.target.index]).exp()

    def dual(f: Tensor, g: Tensor, total: Tensor, sent: Tensor) -> Tensor:
        return a @ f + b @ g - sent + (0.0 if mass is None else mass * total)

    here = plan(f, g, total)
    sent = here.sum()
    row, column = a - sum_of_edges(here, edges.source), b - sum_of_edges(here, edges.target)
    free = None if mass is None else ((f < 0) | (row < 0), (g < 0) | (column < 0))
    missing = None if mass is None else mass - sent
    x, y, t = solve_on_edges(here, edges, (row, column, missing), free=free, most=_CONJUGATE)
    share, before = 1.0, dual(f, g, total, sent)
    for _ in range(HALVINGS):
        ahead = EdgePotentials(f + share * x, g + share * y, total + share * t)
        if mass is not None:
            ahead = EdgePotentials(ahead.f.clamp(max=0), ahead.g.clamp(max=0), ahead.total)
        promised = row @ (ahead.f - f) + column @ (ahead.g - g)
        promised = promised + (0.0 if missing is None else missing * (ahead.total - total))
        if bool(grows_enough(dual(*ahead, plan(*ahead).sum()), before, promised.clamp_min(0))):
            return EdgePotentials(*(part.to(dtype) for part in ahead))
        share /= 2
    return at
