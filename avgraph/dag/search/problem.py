"""The question that the compiled functions answer."""

from __future__ import annotations

from math import expm1, log
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class Problem(NamedTuple):
    """The question.

    Shapes:
        correlation [p, p]; candidate [p, p], row: child, whether a column may become its parent; required [p, p],
        row: parent; n_required [p]: parents each child must have; stop [1]: set to 1 from outside to end a start.
    """

    correlation: Array
    half_n: float
    penalty: float
    least_gain: float
    tolerance: float
    candidate: Array
    required: Array
    n_required: Array
    stop: Array


def make_problem(
    correlation: Array, n_samples: int, penalty_discount: float, forbidden: Array, required: Array
) -> Problem:
    """The question in the compiled functions' terms; ``forbidden`` and ``required`` [p, p] are parent → child."""
    p = len(correlation)
    penalty = penalty_discount * log(n_samples)
    candidate = ~forbidden.T & ~required.T
    np.fill_diagonal(candidate, False)
    return Problem(
        correlation=np.ascontiguousarray(correlation, dtype=np.float64),
        half_n=n_samples / 2,
        penalty=penalty,
        # −n/2 · log(1 − r²) > penalty, solved for r²: no logarithm per candidate.
        least_gain=-expm1(-2 * penalty / n_samples),
        # Local scores carry a rounding error that grows with n; the smallest real difference is far larger.
        tolerance=1e-9 * n_samples,
        candidate=np.ascontiguousarray(candidate),
        required=np.ascontiguousarray(required),
        n_required=required.sum(axis=0, dtype=np.int64) if p else np.zeros(0, dtype=np.int64),
        stop=np.zeros(1, dtype=np.int64),
    )
