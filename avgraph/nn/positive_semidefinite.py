"""Projection onto the positive semi-definite matrices, after each step on a learned metric."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import at_least_single
from avgraph.tensors import check_tensors, finite


@torch.no_grad()
def project_psd(matrix: Tensor, floor: float = 0.0) -> Tensor:
    r"""The nearest matrix (Frobenius) whose eigenvalues are at least ``floor``.

    .. math::
        \operatorname{Proj}(A) = Q \operatorname{diag}(\max(\lambda, \text{floor})) Q^\top, \qquad
        \tfrac12 (A + A^\top) = Q \operatorname{diag}(\lambda) Q^\top

    The m-LTM paper prints a clamp of *singular* values, which are never negative: it would change nothing.
    Has no gradient: it belongs between two optimiser steps.

    Args:
        matrix: square, or a diagonal [d], which is clamped.
        floor: smallest eigenvalue allowed, at least 0.

    Shapes:
        [d, d] or [d] → the same

    Raises:
        GraphError: if the matrix is not square, not finite, or ``floor`` is negative.

    Example:
        >>> project_psd(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
        tensor([[0.5000, 0.5000],
                [0.5000, 0.5000]])
    """
    if not 0 <= floor < float("inf"):
        raise GraphError(f"floor: expected a finite number of at least 0, got {floor}")
    check_tensors({"matrix": matrix})
    if not matrix.is_floating_point():
        raise GraphError(f"matrix: expected floating point, got {matrix.dtype}")
    if matrix.dim() not in (1, 2) or matrix.shape[0] != matrix.shape[-1] or not len(matrix):
        raise GraphError(f"matrix: expected [d, d] or a diagonal [d], got {list(matrix.shape)}")
    if not bool(matrix.isfinite().all()):
        raise GraphError("matrix: expected finite numbers, got NaN or infinity")
    if matrix.dim() == 1:
        return matrix.clamp_min(floor)
    wide = at_least_single(matrix)
    # In units of the largest entry, whose square would be lost or overflow.
    largest = wide.abs().max()
    scale = torch.where(largest > 0, largest, 1.0)
    symmetric = (wide / scale + wide.T / scale) / 2
    value, vector = torch.linalg.eigh(symmetric)
    floor = floor / float(scale)
    if bool(value[0] >= floor):
        return finite(symmetric * scale, {"matrix": matrix}).to(matrix.dtype)
    clamped = (vector * value.clamp_min(floor)) @ vector.T
    result = finite((clamped + clamped.T) / 2 * scale, {"matrix": matrix})
    return result.to(matrix.dtype)
