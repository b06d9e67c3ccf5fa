"""What the search needs of the data: correlations, scales, number of samples and names, all checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag.columns import check_names, to_matrix
from avgraph.errors import DataError


@dataclass(frozen=True, eq=False)
class Moments:
    """Second moments of ``n_samples`` rows.

    Shapes:
        correlation [p, p]; scale [p], the standard deviations (divided by n); names p strings.
    """

    correlation: Float[np.ndarray, "p p"]
    scale: Float[np.ndarray, " p"]
    n_samples: int
    names: tuple[str, ...]

    @property
    def covariance(self) -> Float[np.ndarray, "p p"]:
        """Covariance in the units of the data, ridge included."""
        return self.correlation * np.outer(self.scale, self.scale)


def moments_of_data(data: Any, names: Sequence[str] | None = None, ridge: float | None = None) -> Moments:
    """Moments of a data matrix [n, p]: an array, a tensor or a data frame, whose column names are then used.

    Raises:
        DataError: if a value is not finite, a column is constant, columns are collinear or n ≤ p, unless ``ridge``
            is given; or if names and columns do not agree.

    Example:
        >>> moments = moments_of_data([[0.0, 1.0], [2.0, 1.5], [4.0, 0.0]], names=["a", "b"])
        >>> moments.n_samples, moments.scale.round(3).tolist()
        (3, [1.633, 0.624])
    """
    matrix, found = to_matrix(data)
    labels = check_names(names if names is not None else found, matrix.shape[1])
    wrong = np.argwhere(~np.isfinite(matrix))
    if len(wrong):
        row, column = (int(k) for k in wrong[0])
        more = f" ({len(wrong)} such values)" if len(wrong) > 1 else ""
        raise DataError(f"data: row {row}, column {labels[column]!r} is {matrix[row, column]}{more}")
    _check_ridge(ridge)
    n, p = matrix.shape
    _check_rows(n, p, ridge)
    magnitude = np.abs(matrix).max(axis=0)
    # In units of the largest entry, so that no square is lost or overflows.
    matrix = matrix / np.where(magnitude > 0, magnitude, 1.0)
    matrix = matrix - matrix.mean(axis=0)
    scale = np.sqrt(np.einsum("np,np->p", matrix, matrix) / n)
    constant = scale <= 1e-12
    if ridge is None:
        check_varying(constant, labels)
    matrix[:, constant] = 0.0
    matrix /= np.where(constant, 1.0, scale)
    correlation = matrix.T @ matrix / n
    scale = np.where(constant, 1.0, scale * magnitude)
    return _finish(correlation, scale, n, labels, ridge)


def moments_of_covariance(
    covariance: Any, n_samples: int, names: Sequence[str] | None = None, ridge: float | None = None
) -> Moments:
    """Moments from a covariance [p, p] (divided by n) of ``n_samples`` rows.

    Raises:
        DataError: if it is not square, symmetric, finite and positive definite, n ≤ p, or the names do not agree.

    Example:
        >>> moments_of_covariance([[4.0, 1.0], [1.0, 1.0]], 100).correlation[0].tolist()
        [1.0, 0.5]
    """
    matrix, found = to_matrix(covariance, "covariance")
    p = matrix.shape[1]
    if len(matrix) != p:
        raise DataError(f"covariance: expected a square matrix, got {list(matrix.shape)}")
    labels = check_names(names if names is not None else found, p)
    wrong = np.argwhere(~np.isfinite(matrix))
    if len(wrong):
        row, column = (int(k) for k in wrong[0])
        raise DataError(f"covariance: entry ({labels[row]!r}, {labels[column]!r}) is {matrix[row, column]}")
    variance = np.diag(matrix).copy()
    if (variance < 0).any():
        column = int(np.argmax(variance < 0))
        raise DataError(f"covariance: the variance of {labels[column]!r} is negative: {variance[column]}")
    _check_ridge(ridge)
    _check_rows(n_samples, p, ridge)
    constant = variance == 0
    if ridge is None:
        check_varying(constant, labels)
    scale = np.where(constant, 1.0, np.sqrt(variance))
    correlation = matrix / np.outer(scale, scale)
    uneven = np.argwhere(np.abs(correlation - correlation.T) > 1e-6)
    if len(uneven):
        row, column = (int(k) for k in uneven[0])
        raise DataError(f"covariance: not symmetric at ({labels[row]!r}, {labels[column]!r})")
    return _finish((correlation + correlation.T) / 2, scale, n_samples, labels, ridge)


def _finish(
    correlation: Float[np.ndarray, "p p"],
    scale: Float[np.ndarray, " p"],
    n_samples: int,
    names: tuple[str, ...],
    ridge: float | None,
) -> Moments:
    np.fill_diagonal(correlation, 1.0)
    if ridge is not None:
        # Off-diagonal entries shrink and variances grow: the same as adding ridge · variance to every variance.
        correlation = correlation / (1 + ridge)
        np.fill_diagonal(correlation, 1.0)
        scale = scale * np.sqrt(1 + ridge)
    check_independent(correlation, names)
    return Moments(correlation, scale, int(n_samples), names)


def _check_ridge(ridge: float | None) -> None:
    if ridge is not None and not 0 < ridge < np.inf:
        raise DataError(f"ridge: expected a number above 0, got {ridge}")


def _check_rows(n: int, p: int, ridge: float | None) -> None:
    if n < 3:
        raise DataError(f"expected at least 3 rows, got {n}")
    if n <= p and ridge is None:
        raise DataError(
            f"{n} rows for {p} columns: with no more rows than columns every column is a combination of the others; "
            "give more rows, fewer columns, or give a ridge"
        )


# Least variance that a standardised column must keep given all others. Float32 rounding of columns that are exactly
# dependent (class probabilities, which sum to one) leaves about 1e-14.
_LEAST = 1e-10


def check_varying(constant: Bool[np.ndarray, " p"], names: tuple[str, ...]) -> None:
    """Refuse constant columns by name.

    Raises:
        DataError: if an entry of ``constant`` is true.
    """
    if constant.any():
        which = [names[k] for k in np.flatnonzero(constant)]
        raise DataError(f"constant {_columns(which)}: leave them out, or give a ridge")


def check_independent(correlation: Float[np.ndarray, "p p"], names: tuple[str, ...]) -> None:
    """Refuse correlations of which a combination of columns has no variance; the message names the columns.

    Raises:
        DataError: if the smallest eigenvalue, which bounds the variance of every column given the others from
            below, is 1e-10 or less.

    Example:
        >>> check_independent(np.ones((2, 2)), ("a", "b"))
        Traceback (most recent call last):
        ...
        avgraph.errors.DataError: collinear columns 'a', 'b': one is a combination of the others; leave one out, ...
    """
    values, vectors = np.linalg.eigh(correlation)
    if len(values) == 0 or values[0] > _LEAST:
        return
    if values[0] < -1e-8:
        raise DataError(f"covariance: not positive definite (smallest eigenvalue of the correlations {values[0]:.3g})")
    weight = np.abs(vectors[:, 0])
    which = [names[k] for k in np.flatnonzero(weight > 1e-3 * weight.max())]
    hint = "; class probabilities sum to one: take their logits" if len(which) == len(names) > 2 else ""
    raise DataError(
        f"collinear {_columns(which)}: one is a combination of the others; leave one out, or give a ridge{hint}"
    )


def _columns(names: list[str]) -> str:
    listed = ", ".join(repr(name) for name in names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    return f"column{'s' if len(names) > 1 else ''} {listed}"
