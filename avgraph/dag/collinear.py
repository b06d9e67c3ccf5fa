"""Columns that no regression can be fitted on: constant ones, and combinations of each other."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from avgraph.errors import DataError

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
