"""The equations of `_marginal_equations` on edges, by conjugate gradients: only sums over a node's edges."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn.edges.incidence import Incidence, Side
from avgraph.nn.edges.segment import segment_sum

_ACCURACY = 1e-10


def solve_on_edges(
    plan: Tensor,
    edges: Incidence,
    right: tuple[Tensor, Tensor, Tensor | None],
    *,
    free: tuple[Tensor, Tensor] | None = None,
    tol: float = 0.0,
    most: int | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Changes (x, y, t) of the log potentials of rows, columns and total that make the changes ``right`` of their sums.

    Scaled by the roots of the sums, in float64; shifts of a component are in the null space and stay out of it.
    Starts from half of the right side, which is exact for the matching loss; that the marginals are met to ``tol``
    only is not worth an iteration.

    Args:
        plan: mass of each edge.
        edges: their ends.
        right: changes of the row sums, the column sums and the total; without a total t stays 0.
        free: which rows and columns may change, those whose mass is used up; all of them if not given.
        tol: how well ``plan`` meets its marginals.
        most: bound on the iterations; where they stop the solution is still a direction of ascent, as the start is.

    Shapes:
        plan [e], right and free ([n], [m], scalar) → x [n], y [m], t scalar, float64
    """
    source, target, (row, column, total) = edges.source, edges.target, right
    plan, n = plan.double(), source.num_nodes
    sums = torch.cat([sum_of_edges(plan, source), sum_of_edges(plan, target), plan.sum()[None]])
    keep = sums > 0
    if free is not None:
        keep[:-1] &= torch.cat(free)
    keep[-1] &= total is not None
    root = sums.sqrt()
    scale = torch.where(keep, 1 / root, 0.0)
    weight = plan * (scale[source.index] * scale[n + target.index])
    share = None if total is None else sums * scale * scale[-1]  # between a node and the total
    if share is not None:
        share[-1] = 0
    wanted = torch.cat([row, column, (row.new_zeros(()) if total is None else total)[None]]).double() * scale

    def product(z: Tensor) -> Tensor:
        x, y, t = z[:n], z[n:-1], z[-1:]
        of_x, of_y = sum_of_edges(weight * y[target.index], source), sum_of_edges(weight * x[source.index], target)
        if share is None:
            return z + torch.cat([of_x, of_y, t])
        return z + torch.cat([of_x, of_y, share[:-1] @ z[:-1, None]]) + share * t

    z = wanted / 2
    residual = wanted - product(z)
    done = float((residual * root).abs().sum()) <= 2 * tol * float((z * scale).abs().max())
    goal = _ACCURACY * float(wanted.norm())
    direction, square = residual, float(residual.square().sum())
    for _ in range(0 if done else most or 10 * len(z)):
        if square**0.5 <= goal:
            break
        image = product(direction)
        step = square / float(direction @ image)
        z, residual = z + step * direction, residual - step * image
        before, square = square, float(residual.square().sum())
        direction = residual + square / before * direction
    z = z * scale
    return z[:n], z[n:-1], z[-1]


def sum_of_edges(x: Tensor, side: Side) -> Tensor:
    """Sum of a number of each edge over the edges of each node, [e] → [n]."""
    return segment_sum(x[:, None], side)[:, 0]
