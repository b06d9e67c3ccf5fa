"""How often an edge is found: over restarts, bootstraps, checkpoints or seeds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag.columns import to_matrix
from avgraph.dag.learn import grasp
from avgraph.dag.result import DAG
from avgraph.errors import DataError
from avgraph.runtime.progress import progress


def edge_frequency(graphs: Iterable[Any], threshold: float = 0.0) -> Float[np.ndarray, "p p"]:
    """Fraction of graphs in which an entry exceeds ``threshold``: F_ij = (1/K) Σ_k [A_ij⁽ᵏ⁾ > threshold] (Eq. 9).

    Args:
        graphs: [p, p] matrices (adjacency or weights), or `DAG`s.
        threshold: what an entry must exceed to count as an edge.

    Raises:
        DataError: if there is no graph, one is not square, or their sizes differ.

    Example:
        >>> one, other = np.array([[0, 0.2], [0, 0]]), np.array([[0, 0.6], [0, 0]])
        >>> edge_frequency([one, other], threshold=0.5).tolist()
        [[0.0, 0.5], [0.0, 0.0]]
    """
    matrices = [np.asarray(graph.adjacency if isinstance(graph, DAG) else graph) for graph in graphs]
    if not matrices:
        raise DataError("edge_frequency: expected at least one graph, got none")
    shape = matrices[0].shape
    for k, matrix in enumerate(matrices):
        if matrix.dtype.kind not in "fiub":
            raise DataError(f"edge_frequency: graph {k}: expected numbers, got {matrix.dtype}")
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape != shape:
            raise DataError(
                f"edge_frequency: graph {k}: expected a square matrix of the shape of graph 0, {list(shape)}, "
                f"got {list(matrix.shape)}"
            )
    frequency: Float[np.ndarray, "p p"] = np.mean([matrix > threshold for matrix in matrices], axis=0)
    return frequency


def bootstrap_adjacencies(
    data: Any, n_bootstraps: int, *, seed: int = 0, penalty_discount: float = 1.0, depth: int = 3, restarts: int = 1,
    forbidden: Any = None, required: Any = None, ridge: float | None = None,
) -> Bool[np.ndarray, "b p p"]:  # fmt: skip
    """Graphs of ``n_bootstraps`` resamples of the rows, drawn with replacement, for `edge_frequency`.

    Every bootstrap has its own rows and its own starts, so that the frequencies hold both the uncertainty of the data
    and that of the search.

    Args:
        data: [n, p] as for `avgraph.dag.grasp`, which also explains the other arguments.
        n_bootstraps: resamples.

    Raises:
        DataError: if ``n_bootstraps`` is below 1, or as `avgraph.dag.grasp`; a column that varies in few rows may be
            constant in a resample, and the error says so.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(200, 2))
        >>> x[:, 1] += x[:, 0]
        >>> frequency = edge_frequency(bootstrap_adjacencies(x, 4))
        >>> float(frequency.sum())
        1.0
    """
    if n_bootstraps < 1:
        raise DataError(f"n_bootstraps: expected at least 1, got {n_bootstraps}")
    matrix, names = to_matrix(data)
    rng = np.random.default_rng(seed)
    graphs = []
    for k in progress(range(n_bootstraps), "bootstraps"):
        rows, start_seed = rng.integers(len(matrix), size=len(matrix)), int(rng.integers(2**62))
        try:
            found = grasp(
                matrix[rows], penalty_discount=penalty_discount, depth=depth, restarts=restarts, perturbations=0,
                seed=start_seed, names=names, forbidden=forbidden, required=required, ridge=ridge,
            )  # fmt: skip
        except DataError as error:
            raise DataError(f"bootstrap {k}: {error}") from error
        graphs.append(found.adjacency)
    return np.stack(graphs)
