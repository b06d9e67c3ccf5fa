"""How potentials move when marginals do: the linear equations behind the implicit gradient and Newton's step.

A change (x, y) of the log potentials of a plan π changes its row sums r by r·x + π y and its column sums c by
c·y + πᵀ x. Solved in float64, whatever the plan comes in: nearly separate blocks make the equations nearly singular.
"""

from __future__ import annotations

import torch
from torch import Tensor

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
