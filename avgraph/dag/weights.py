r"""How strongly each parent drives its child in a DAG.

.. math::
    \hat\beta_j = \arg\min_\beta \tfrac1{2n} \lVert x_j - X_{P_j} \beta \rVert^2 + \ell_1 \lVert\beta\rVert_1, \qquad
    A_{ij} = |\hat\beta_{ji}| \Big/ \sum_{kl} |\hat\beta_{kl}|

per node j on its parents, all columns standardised, no intercept ("Inferred latent interaction graphs", Eq. 4-6).
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag.moments import moments_of_data
from avgraph.errors import DataError

Signs = Literal["absolute", "positive"]
_TOLERANCE, _MAX_SWEEPS = 1e-12, 100_000


def dependency_weights(
    data: Any,
    adjacency: Any,
    *,
    l1: float = 0.0,
    ridge: float | None = None,
    signs: Signs = "absolute",
) -> Float[np.ndarray, "p p"]:
    """Regression weights of each column on its parents, divided by their sum over the whole graph.

    Args:
        data: [n, p] as for `avgraph.dag.grasp`, which also explains ``ridge``.
        adjacency: parent row → child column.
        l1: weight of the ℓ1 penalty; 0 is least squares.
        ridge: share of its variance added to each column.
        signs: "absolute", the paper's Eq. 5, where a parent that excludes its child weighs as one that brings it about;
            "positive", max(β, 0): where a high parent goes with a low child there is no edge.

    Shapes:
        data [n, p]; adjacency [p, p], parent row → child column → weights [p, p], which sum to 1, or to 0 if no edge
        has a weight (an empty graph, an ``l1`` that leaves none, or negative ones alone under "positive").

    Raises:
        DataError: if shapes disagree, ``l1`` is negative, ``signs`` is unknown, a variable is its own parent, or the
            data cannot be used (see `avgraph.dag.grasp`).

    Example:
        >>> x = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 4.0]])
        >>> dependency_weights(x, np.array([[False, True], [False, False]])).tolist()
        [[0.0, 1.0], [0.0, 0.0]]
    """
    if signs not in get_args(Signs):
        raise DataError(f"signs: expected 'absolute' or 'positive', got {signs!r}")
    beta = regression_coefficients(data, adjacency, l1=l1, ridge=ridge)
    return as_shares(np.abs(beta) if signs == "absolute" else np.maximum(beta, 0))


def as_shares(strength: Float[np.ndarray, "p p"]) -> Float[np.ndarray, "p p"]:
    """Strengths divided by their sum; zeros stay zeros.

    Example:
        >>> as_shares(np.array([[0.0, 3.0], [1.0, 0.0]])).tolist()
        [[0.0, 0.75], [0.25, 0.0]]
    """
    total = float(strength.sum())
    shares: Float[np.ndarray, "p p"] = strength / total if total > 0 else strength
    return shares


def regression_coefficients(
    data: Any, adjacency: Bool[np.ndarray, "p p"], *, l1: float = 0.0, ridge: float | None = None
) -> Float[np.ndarray, "p p"]:
    """Coefficients of each standardised column on its parents, with their signs.

    Args:
        data, adjacency, l1, ridge: see `dependency_weights`.

    Shapes:
        data [n, p]; adjacency [p, p], parent row → child column → coefficients [p, p], 0 where there is no edge.

    Raises:
        DataError: as `dependency_weights`.

    Example:
        >>> x = np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 1.0], [4.0, 2.0]])
        >>> regression_coefficients(x, np.array([[False, True], [False, False]])).round(3).tolist()
        [[0.0, -0.707], [0.0, 0.0]]
    """
    correlation = moments_of_data(data, ridge=ridge).correlation
    adjacency = np.asarray(adjacency) > 0
    if adjacency.shape != correlation.shape:
        raise DataError(f"adjacency: expected {list(correlation.shape)}, got {list(adjacency.shape)}")
    if not 0 <= l1 < np.inf:
        raise DataError(f"l1: expected 0 or more, got {l1}")
    if adjacency.diagonal().any():
        raise DataError(f"adjacency: column {int(np.argmax(adjacency.diagonal()))} is its own parent")
    coefficients = np.zeros(adjacency.shape)
    for child in range(len(adjacency)):
        parents = np.flatnonzero(adjacency[:, child])
        if len(parents):
            among, across = correlation[np.ix_(parents, parents)], correlation[parents, child]
            coefficients[parents, child] = np.linalg.solve(among, across) if l1 == 0 else _lasso(among, across, l1)
    return coefficients


def _lasso(among: Float[np.ndarray, "k k"], across: Float[np.ndarray, " k"], l1: float) -> Float[np.ndarray, " k"]:
    """Coordinate descent on ½ βᵀ Σ β − cᵀ β + l1 ‖β‖₁; Σ has a unit diagonal."""
    beta = np.zeros(len(across))
    for _ in range(_MAX_SWEEPS):
        largest = 0.0
        for k in range(len(beta)):
            old = beta[k]
            gradient = across[k] - among[k] @ beta + old
            beta[k] = np.sign(gradient) * max(abs(gradient) - l1, 0.0)
            largest = max(largest, abs(beta[k] - old))
        if largest < _TOLERANCE:
            return beta
    raise DataError(f"dependency_weights: no convergence in {_MAX_SWEEPS} sweeps; the parents are nearly collinear")
