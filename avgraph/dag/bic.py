r"""The Gaussian BIC of a variable given its parents, and of a whole graph. Higher is better.

.. math:: \mathrm{bic}(j \mid P) = -\tfrac n2 \, (1 + \log s^2) - \lambda \, (|P| + 1) \log n

with s² the variance (divided by n) of what is left of column j after its regression on the columns P, and λ the
``penalty_discount``. causal-learn ≥ 0.1.4 calls λ ``lambda_value``; its older versions scored −2 times this without
constants, so that their ``lambda_value`` was 2 λ.

Shapes:
    covariance [p, p], divided by n (``ddof=0``); adjacency [p, p] bool, parent row → child column.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log
from typing import Any, SupportsIndex

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve

from avgraph.errors import DataError


def bic_score(
    covariance: Any,
    n_samples: int,
    target: SupportsIndex,
    parents: Iterable[SupportsIndex],
    penalty_discount: float = 1.0,
) -> float:
    """Local score of ``target`` given ``parents``.

    Raises:
        DataError: if ``target`` is its own parent, a parent is named twice, an index is out of range, or the
            residual variance is zero (a constant target, or one that its parents determine).

    Example:
        >>> covariance = np.array([[1.0, 0.6], [0.6, 1.0]])
        >>> gain = bic_score(covariance, 100, 1, [0]) - bic_score(covariance, 100, 1, [])
        >>> bool(np.isclose(gain, -50 * np.log(1 - 0.6**2) - np.log(100)))
        True
    """
    covariance = _checked(covariance)
    target, chosen = int(target), [int(parent) for parent in parents]
    for index in (target, *chosen):
        if not 0 <= index < len(covariance):
            raise DataError(f"bic_score: variable {index} is out of range 0 … {len(covariance) - 1}")
    if target in chosen or len(set(chosen)) < len(chosen):
        raise DataError(f"bic_score: parents of {target}: expected distinct other variables, got {chosen}")
    variance = float(covariance[target, target])
    residual = variance
    if chosen:
        among, across = covariance[np.ix_(chosen, chosen)], covariance[chosen, target]
        try:
            residual -= float(across @ cho_solve(cho_factor(among), across))
        except np.linalg.LinAlgError:
            raise DataError(f"bic_score: the parents {chosen} of {target} are collinear") from None
    # What is left of a variable that its parents determine is rounding error, not a variance.
    if not residual > 1e-13 * variance:
        raise DataError(f"bic_score: variable {target} has no variance left given {chosen}")
    return -n_samples / 2 * (1 + log(residual)) - penalty_discount * (len(chosen) + 1) * log(n_samples)


def total_bic_score(
    covariance: Any,
    n_samples: int,
    adjacency: Any,
    penalty_discount: float = 1.0,
) -> float:
    """Sum of the local scores of a graph: every variable given the rows that point to its column.

    Raises:
        DataError: as `bic_score`.

    Example:
        >>> chain = np.array([[False, True], [False, False]])
        >>> covariance = np.array([[1.0, 0.6], [0.6, 1.0]])
        >>> one, other = bic_score(covariance, 100, 0, []), bic_score(covariance, 100, 1, [0])
        >>> total_bic_score(covariance, 100, chain) == one + other
        True
    """
    covariance, adjacency = _checked(covariance), np.asarray(adjacency)
    if adjacency.shape != covariance.shape:
        raise DataError(f"adjacency: expected {list(covariance.shape)}, got {list(adjacency.shape)}")
    return sum(
        bic_score(covariance, n_samples, target, np.flatnonzero(adjacency[:, target]), penalty_discount)
        for target in range(len(covariance))
    )


def _checked(covariance: Any) -> Float[np.ndarray, "p p"]:
    """A covariance as an array."""
    matrix = np.asarray(covariance)
    if (
        matrix.ndim != 2
        or len(matrix) != len(matrix.T)
        or matrix.dtype.kind not in "fiu"
        or not np.isfinite(matrix).all()
    ):
        raise DataError(f"covariance: expected [p, p] of finite numbers, got {list(matrix.shape)}")
    return matrix.astype(float)
