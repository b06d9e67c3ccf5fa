"""Dykstra's projections on edges, with a Newton step now and then, and the equations behind it and the gradient.

In the dual they are block ascent on ⟨a, f⟩ + ⟨b, g⟩ + s·t − Σ exp(S + f + g + t) with f, g ≤ 0, so that a step may
start anywhere. A node whose potential is below 0 is bound: its mass is used up.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from avgraph.nn._edge_iteration import segment_logsumexp
from avgraph.nn.incidence import Incidence, Side
from avgraph.nn.segment import gather_rows, segment_sum

_ACCURACY = 1e-12
_SPACING = 50  # iterations between two Newton steps, each of which takes some dozen sums over all edges
_HALVINGS = 12
_CONJUGATE = 200


class PartialEdges(NamedTuple):
    """What the iteration ended with, potentials in units of ε; a bound node has used up its mass.

    Shapes:
        log_plan [e], f and row_bound [n], g and column_bound [m], n_iter and error scalar
    """

    log_plan: Tensor
    f: Tensor
    g: Tensor
    row_bound: Tensor
    column_bound: Tensor
    n_iter: Tensor
    error: Tensor


def iterate_partial(
    score: Tensor,
    edges: Incidence,
    log_a: Tensor,
    log_b: Tensor,
    mass: float,
    *,
    tol: float,
    max_iter: int,
    newton: bool = True,
) -> PartialEdges:
    """Iterate until both sides are within their masses to ``tol``; differentiable without Newton steps.

    Shapes:
        score [e], log_a [n], log_b [m]
    """
    a, b = log_a.detach().exp(), log_b.detach().exp()
    log_mass = score.new_tensor(mass).log()
    total, done, error = score.new_zeros(()), 0, score.new_tensor(torch.inf)
    rows = _logsumexp(score, edges.source)
    f, g = torch.zeros_like(log_a), torch.zeros_like(log_b)
    while done < max_iter and not bool(error <= tol):
        if newton and done % _SPACING == _SPACING - 1:
            f, g, total = _newton_step(score, edges, (a, b), mass, (f, g, total))
            rows = _logsumexp(score + _on_edges(g, edges.target), edges.source)
        f = (log_a - total - rows).clamp(max=0)
        of_rows = score + _on_edges(f, edges.source)
        columns = _logsumexp(of_rows, edges.target)
        g = (log_b - total - columns).clamp(max=0)
        total = log_mass - (of_rows + _on_edges(g, edges.target)).logsumexp(0)
        rows = _logsumexp(score + _on_edges(g, edges.target), edges.source)
        done += 1
        with torch.no_grad():  # what the next half-step would make of the sums
            missed = [
                ((potential + total + sums).exp() - torch.minimum(most, (total + sums).exp())).abs().sum()
                for potential, sums, most in ((f, rows, a), (g, columns, b))
            ]
            error = torch.maximum(*missed)
    log_plan = of_rows + _on_edges(g, edges.target) + total
    return PartialEdges(log_plan, f, g + total, f < 0, g < 0, torch.tensor(done, device=score.device), error)


def _newton_step(
    score: Tensor,
    edges: Incidence,
    masses: tuple[Tensor, Tensor],
    mass: float,
    potentials: tuple[Tensor, Tensor, Tensor],
) -> tuple[Tensor, Tensor, Tensor]:
    """One damped step on the potentials of the bound nodes and the total, in float64; f, g stay at most 0."""
    dtype, (source, target) = score.dtype, (edges.source, edges.target)
    score, a, b, f, g, total = (part.double() for part in (score, *masses, *potentials))
    plan = (score + f[source.index] + g[target.index] + total).exp()
    row, column = a - _sum(plan, source), b - _sum(plan, target)
    free = (f < 0) | (row < 0), (g < 0) | (column < 0)
    x, y, t = solve_partial_on_edges(plan, edges, free, (row, column, mass - plan.sum()), most=_CONJUGATE)

    def moved(share: float) -> tuple[Tensor, Tensor, Tensor]:
        return (f + share * x).clamp(max=0), (g + share * y).clamp(max=0), total + share * t

    def dual(f: Tensor, g: Tensor, total: Tensor) -> float:
        return float(a @ f + b @ g + mass * total - (score + f[source.index] + g[target.index] + total).exp().sum())

    share, before = 1.0, dual(f, g, total)
    for _ in range(_HALVINGS):
        ahead = moved(share)
        if dual(*ahead) >= before - 1e-15:
            return ahead[0].to(dtype), ahead[1].to(dtype), ahead[2].to(dtype)
        share /= 2
    return potentials


def solve_partial_on_edges(
    plan: Tensor,
    edges: Incidence,
    free: tuple[Tensor, Tensor],
    right: tuple[Tensor, Tensor, Tensor],
    *,
    most: int | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Changes of the potentials of bound rows and columns and of the total for changes of their sums, in float64.

    ``most`` bounds the iterations of the conjugate gradients: every one of them is a direction of ascent.

    Shapes:
        plan [e], free ([n], [m]) bool, right ([n], [m], scalar) → [n], [m], scalar
    """
    source, target = edges.source, edges.target
    plan, n = plan.double(), source.num_nodes
    sums = torch.cat([_sum(plan, source), _sum(plan, target), plan.sum()[None]])
    keep = torch.cat([*free, torch.ones_like(free[0][:1])]) & (sums > 0)
    scale = torch.where(keep, sums.clamp_min(torch.finfo(torch.float64).tiny).rsqrt(), 0.0)
    weight = plan * scale[source.index] * scale[n + target.index]
    share = sums * scale * scale[-1]  # between a node and the total
    share[-1] = 0

    def product(z: Tensor) -> Tensor:
        x, y, t = z[:n], z[n:-1], z[-1]
        across = [_sum(weight * y[target.index], source), _sum(weight * x[source.index], target)]
        return z + torch.cat([*across, share[:-1] @ z[:-1, None]]) + share * t

    value = torch.cat([right[0], right[1], right[2][None]]).double() * scale
    z = torch.zeros_like(value)
    residual, direction, square = value, value, float(value.square().sum())
    goal = _ACCURACY * square**0.5
    for _ in range(10 * len(z) if most is None else most):
        if square**0.5 <= goal:
            break
        image = product(direction)
        step = square / float(direction @ image)
        z, residual = z + step * direction, residual - step * image
        before, square = square, float(residual.square().sum())
        direction = residual + square / before * direction
    z = z * scale
    return z[:n], z[n:-1], z[-1]


def _logsumexp(x: Tensor, side: Side) -> Tensor:
    """Over the edges of each node; a node without edges, which never gets mass, counts as having a little."""
    return torch.where(side.degree > 0, segment_logsumexp(x, side), torch.finfo(x.dtype).min / 4)


def _on_edges(potential: Tensor, side: Side) -> Tensor:
    return gather_rows(potential[:, None], side)[:, 0]


def _sum(x: Tensor, side: Side) -> Tensor:
    return segment_sum(x[:, None], side)[:, 0]
