"""Who rates alike: sparse products of the ratings' residuals from the bias model."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from avgraph.graph.rating_edges import KnownRatings
from avgraph.nn.rating_biases import DampedBiases

_ROWS_AT_A_TIME = 512
_PAIRS_AT_A_TIME = 65_536
_DAMPING = {"residual": 3.0, "count": 10.0}


def residuals(known: KnownRatings, biases: DampedBiases) -> Any:
    """What the bias model leaves of every known rating, as a sparse matrix [users, items]."""
    left = (known.rating - biases.predict(known.edge_index)).double().numpy()
    return sp.csr_matrix((left, known.edge_index.numpy()), shape=(known.users, known.items))


def ones(matrix: Any) -> Any:
    """1 wherever a sparse matrix has an entry, be it 0."""
    made = matrix.copy()
    made.data = np.ones_like(made.data)
    return made


def nearest(rows: Any, k: int, *, damping: float) -> Any:
    r"""The ``k`` rows of a sparse matrix that are most like each row, as a sparse matrix of similarities [n, n].

    .. math:: s_{ij} = x_i \cdot x_j / \sqrt{(\|x_i\|^2 + \lambda)(\|x_j\|^2 + \lambda)}

    Only similarities above 0 count; of equal ones the first rows are taken.

    Example:
        >>> nearest(sp.csr_matrix([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 1, damping=0.0).toarray()
        array([[0., 1., 0.],
               [1., 0., 0.],
               [0., 0., 0.]])
    """
    rows = rows.tocsr()
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(1)).ravel() + damping)
    unit = sp.diags(1 / np.maximum(length, 1e-12)) @ rows
    parts = []
    for start in range(0, unit.shape[0], _ROWS_AT_A_TIME):
        block = (unit[start : start + _ROWS_AT_A_TIME] @ unit.T).tocoo()
        kept = (block.data > 1e-12) & (block.row + start != block.col)
        row, column, value = block.row[kept], block.col[kept], block.data[kept]
        order = np.lexsort((column, -np.round(value, 9), row))
        row, column, value = row[order], column[order], value[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        first = rank < k
        parts.append(sp.csr_matrix((value[first], (row[first], column[first])), shape=block.shape))
    return sp.vstack(parts).tocsr()


def alike(known: KnownRatings, biases: DampedBiases, k: int, node: str, *, by: str = "residual") -> Any:
    """Users or items that are alike: by their residuals, or by who rated them or what they rated at all (``count``)."""
    left = residuals(known, biases)
    matrix = ones(left) if by == "count" else left
    return nearest(matrix if node == "user" else matrix.T, k, damping=_DAMPING[by])


def sums_over_neighbours(one: Any, other: Any, row: Any, column: Any) -> Any:
    """Σ_j one[row, j] · other[column, j] for pairs of rows of two sparse matrices."""
    parts = [
        np.asarray(one[row[start:end]].multiply(other[column[start:end]]).sum(1)).ravel()
        for start in range(0, len(row), _PAIRS_AT_A_TIME)
        for end in (start + _PAIRS_AT_A_TIME,)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)
