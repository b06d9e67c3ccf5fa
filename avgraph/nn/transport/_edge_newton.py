"""Newton's step of `avgraph.nn.transport._newton` on edges, for the problems on which Sinkhorn's iteration crawls."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from avgraph.nn.transport._edge_equations import solve_on_edges, sum_of_edges
from avgraph.nn.transport._inputs import EdgeProblem

_HALVINGS = 12
_CONJUGATE = 200  # iterations of the equations; totals of a and b that agree to rounding only have no solution
_ENOUGH = 1e-4  # share of the promised gain that a step must bring (Armijo)


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

    def dual(f: Tensor, g: Tensor, total: Tensor, sent: Tensor) -> float:
        return float(a @ f + b @ g - sent + (0.0 if mass is None else mass * total))

    here = plan(f, g, total)
    sent = here.sum()
    row, column = a - sum_of_edges(here, edges.source), b - sum_of_edges(here, edges.target)
    free = None if mass is None else ((f < 0) | (row < 0), (g < 0) | (column < 0))
    missing = None if mass is None else mass - sent
    x, y, t = solve_on_edges(here, edges, (row, column, missing), free=free, most=_CONJUGATE)
    share, before = 1.0, dual(f, g, total, sent)
    for _ in range(_HALVINGS):
        ahead = EdgePotentials(f + share * x, g + share * y, total + share * t)
        if mass is not None:
            ahead = EdgePotentials(ahead.f.clamp(max=0), ahead.g.clamp(max=0), ahead.total)
        promised = float(row @ (ahead.f - f) + column @ (ahead.g - g))
        promised += 0.0 if missing is None else float(missing * (ahead.total - total))
        # Rounding of the sums of exponentials hides gains below 1e-15: near the solution the whole step is taken.
        if dual(*ahead, plan(*ahead).sum()) >= before + _ENOUGH * max(promised, 0.0) - 1e-15:
            return EdgePotentials(*(part.to(dtype) for part in ahead))
        share /= 2
    return at
