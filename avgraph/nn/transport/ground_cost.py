"""Mahalanobis ground cost (m-LTM, ICLR 2024, Eq. 9), and the projection that keeps its matrix a metric."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import sides_of
from avgraph.nn.edges.segment import gather_rows
from avgraph.nn.precision import at_least_single, full_precision
from avgraph.nn.transport._metric_distance import metric_distance
from avgraph.tensors.checks import check_tensors, finite


def mahalanobis_cost(
    x: Tensor, y: Tensor, metric: Tensor, *, normalize: Literal["max"] | None = None
) -> Float[Tensor, "n m"]:
    r"""Distance of every pair of rows under a learned metric.

    .. math::
        c_{ij} = \sqrt{(x_i - y_j)^\top M (x_i - y_j)}

    By a Gram product, in the memory of n·m + (n + m)·d numbers; differences of all pairs would take n·m·d.
    Only the symmetric part of M matters and only it gets a gradient, once: there is no second derivative. A root of 0
    has gradient 0. Always in at least single precision.

    Args:
        x, y: embeddings of the two sides.
        metric: M, positive semi-definite [d, d], or its diagonal [d]; see `project_psd`.
        normalize: ``"max"`` divides by the largest cost, so that ε means the same in every batch; the gradient flows
            through the division.

    Shapes:
        x [n, d], y [m, d], metric [d, d] or [d] → cost [n, m]

    Raises:
        GraphError: if shapes disagree, or a cost is not finite.

    Example:
        >>> x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])
        >>> mahalanobis_cost(x, y, torch.eye(2)), mahalanobis_cost(x, y, torch.tensor([1.0, 0.0]))
        (tensor([[5.]]), tensor([[3.]]))
    """
    _check(x, y, metric)
    if normalize not in (None, "max"):
        raise GraphError(f"normalize: expected None or 'max', got {normalize!r}")
    with full_precision(x, y, metric) as (x, y, metric):
        cost = finite(metric_distance(x, y, metric), {"x": x, "y": y, "metric": metric})
        return cost if normalize is None else cost / cost.amax().clamp_min(torch.finfo(cost.dtype).tiny)


def mahalanobis_edge_cost(x: Tensor, y: Tensor, metric: Tensor, edge_index: Tensor) -> Float[Tensor, " e"]:
    """`mahalanobis_cost` of the listed pairs only, from their differences; not scaled.

    Shapes:
        x [n, d], y [m, d], metric [d, d] or [d], edge_index [2, e] → cost [e]

    Raises:
        GraphError: as `mahalanobis_cost`, or if an edge names a row that is not there.

    Example:
        >>> x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [1.0, 0.0]])
        >>> mahalanobis_edge_cost(x, y, torch.ones(2), torch.tensor([[0, 0], [0, 1]]))
        tensor([5., 1.])
    """
    _check(x, y, metric)
    source, target = sides_of(edge_index, len(x), len(y))
    with full_precision(x, y, metric) as (x, y, metric):
        apart = gather_rows(x, source) - gather_rows(y, target)
        mapped = apart * metric if metric.dim() == 1 else apart @ ((metric + metric.T) / 2)
        return finite(_root((mapped * apart).sum(1)), {"x": x, "y": y, "metric": metric})


def _root(square: Tensor) -> Tensor:
    """Square root, whose gradient at 0 is 0."""
    positive = ~(square <= 0)  # true of NaN, which stays
    return torch.where(positive, torch.where(positive, square, 1.0).sqrt(), 0.0)


def _check(x: Tensor, y: Tensor, metric: Tensor) -> None:
    check_tensors({"x": x, "y": y, "metric": metric})
    if x.dim() != 2 or y.dim() != 2 or x.shape[1] != y.shape[1] or not len(x) or not len(y):
        raise GraphError(f"x, y: expected [n, d] and [m, d], got {list(x.shape)} and {list(y.shape)}")
    d = x.shape[1]
    if metric.shape not in ((d, d), (d,)):
        raise GraphError(f"metric: expected [{d}, {d}] or [{d}], got {list(metric.shape)}")


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
    half = (wide / scale).mul_(0.5)
    symmetric = half.T.contiguous().add_(half)  # faster than a sum with a transposed matrix
    floor = floor / float(scale)
    if _is_above(symmetric, floor):
        return finite(symmetric * scale, {"matrix": matrix}).to(matrix.dtype)
    value, vector = torch.linalg.eigh(symmetric)
    clamped = (vector * value.clamp_min(floor)) @ vector.T
    result = finite((clamped + clamped.T) / 2 * scale, {"matrix": matrix})
    return result.to(matrix.dtype)


def _is_above(symmetric: Tensor, floor: float) -> bool:
    """Whether all eigenvalues are above ``floor``: by a Cholesky factor, which costs a fraction of the eigenvalues."""
    lifted = symmetric.clone()
    lifted.diagonal().sub_(floor)
    return not int(torch.linalg.cholesky_ex(lifted).info)
