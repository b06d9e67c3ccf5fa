"""The equations of `avgraph.nn._marginal_equations` on edges, by conjugate gradients: only sums over a node's edges."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn.incidence import Incidence, Side
from avgraph.nn.segment import segment_sum

_ACCURACY = 1e-10


def solve_on_edges(plan: Tensor, edges: Incidence, row: Tensor, column: Tensor, *, tol: float) -> tuple[Tensor, Tensor]:
    """Solve [[diag r, π], [πᵀ, diag c]] (x, y) = (row, column).

    Scaled by the roots of r and c, in float64; shifts of a component are in the null space and stay out of it.
    Starts from half of each side over its marginal, which is exact for the matching loss; that the marginals are met
    to ``tol`` only is not worth an iteration.

    Shapes:
        plan [e], row [n], column [m] → x [n], y [m], float64
    """
    source, target = edges.source, edges.target
    plan = plan.double()
    root, n = torch.cat([_sum(plan, source), _sum(plan, target)]).sqrt(), source.num_nodes
    weight = plan / (root[source.index] * root[n + target.index])
    right = torch.cat([row, column]).double() / root

    def product(z: Tensor) -> Tensor:
        x, y = z[:n], z[n:]
        return z + torch.cat([_sum(weight * y[target.index], source), _sum(weight * x[source.index], target)])

    z = right / 2
    residual = right - product(z)
    goal = _ACCURACY * float(right.norm())
    done = float((residual * root).abs().sum()) <= 2 * tol * float((z / root).abs().max())
    direction, square = residual, float(residual.square().sum())
    for _ in range(0 if done else 10 * len(z)):
        if square**0.5 <= goal:
            break
        image = product(direction)
        step = square / float(direction @ image)
        z, residual = z + step * direction, residual - step * image
        before, square = square, float(residual.square().sum())
        direction = residual + square / before * direction
    z = z / root
    return z[:n], z[n:]


def _sum(x: Tensor, side: Side) -> Tensor:
    return segment_sum(x[:, None], side)[:, 0]
