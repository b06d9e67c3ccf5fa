"""How often an edge is found (over restarts, bootstraps, checkpoints, seeds), how directed, and what most agree on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag.columns import to_matrix
from avgraph.dag.cpdag import class_under_knowledge
from avgraph.dag.learn import grasp
from avgraph.dag.result import DAG
from avgraph.errors import DataError
from avgraph.runtime.progress import progress


def edge_frequency(graphs: Iterable[Any], threshold: float = 0.0) -> Float[np.ndarray, "p p"]:
    """Fraction of graphs in which an entry exceeds ``threshold``: F_ij = (1/K) Σ_k [A_ij⁽ᵏ⁾ > threshold] (Eq. 9).

    Args:
        graphs: [p, p] matrices (adjacency or weights), or each a `DAG`.
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


@dataclass(frozen=True, eq=False)
class EdgeStability:
    """Shares of ``count`` graphs.

    Attributes:
        directed: share in which row → column is an edge whose direction the graph's equivalence class fixes.
        adjacent: share in which row and column are joined, with whatever direction or none; symmetric.
        count: graphs.

    Shapes:
        directed, adjacent [p, p]
    """

    directed: Float[np.ndarray, "p p"]
    adjacent: Float[np.ndarray, "p p"]
    count: int


def edge_stability(
    graphs: Iterable[Bool[np.ndarray, "p p"]],
    *,
    forbidden: Bool[np.ndarray, "p p"] | None = None,
    required: Bool[np.ndarray, "p p"] | None = None,
) -> EdgeStability:
    """Count the edges of DAGs by what each can tell: an edge that equivalent graphs turn round has no direction.

    `avgraph.dag.edge_frequency` counts the directions as they stand in the DAGs, also those that are one of several
    equally good ones.

    Args:
        graphs: DAGs, parent row → child column, over starts, bootstraps or seeds.
        forbidden, required: the knowledge that the graphs obey; it may fix directions.

    Raises:
        DataError: if there is no graph.
        GraphError: if a graph has a cycle or does not obey the knowledge.

    Example:
        >>> chain, collider = np.zeros((2, 3, 3), dtype=bool)
        >>> chain[[0, 1], [1, 2]] = True       # 0 → 1 → 2: no direction can be told
        >>> collider[[0, 2], [1, 1]] = True    # 0 → 1 ← 2
        >>> found = edge_stability([chain, collider])
        >>> found.directed[0, 1], found.directed[1, 0], found.adjacent[1, 0], found.directed[1, 2]
        (np.float64(0.5), np.float64(0.0), np.float64(1.0), np.float64(0.0))
    """
    classes = [class_under_knowledge(graph, forbidden, required) for graph in graphs]
    if not classes:
        raise DataError("edge_stability: expected at least one graph, got none")
    stacked = np.stack(classes)
    turned = stacked.transpose(0, 2, 1)
    return EdgeStability((stacked & ~turned).mean(axis=0), (stacked | turned).mean(axis=0), len(classes))


def consensus_graph(stability: EdgeStability) -> Bool[np.ndarray, "p p"]:
    """Columns that more than half of the graphs join, directed where most of those agree on it.

    An edge gets a direction if more than half of the graphs that have it identify that direction. Directions are put
    in from the most frequent on; one that would close a cycle of directed edges is left out and its edge stays
    undirected, so that the directed edges never form a cycle.

    Shapes:
        → [p, p]; row — column undirected where both [i, j] and [j, i] are true.

    Example:
        >>> directed = np.array([[0.0, 0.9], [0.0, 0.0]])
        >>> consensus_graph(EdgeStability(directed, directed + directed.T, 10)).tolist()
        [[False, True], [False, False]]
        >>> consensus_graph(EdgeStability(directed / 3, directed + directed.T, 10)).tolist()
        [[False, True], [True, False]]
    """
    result: Bool[np.ndarray, "p p"] = stability.adjacent > 0.5
    agreed = np.argwhere(result & (stability.directed > stability.adjacent / 2))
    order = np.argsort(-stability.directed[agreed[:, 0], agreed[:, 1]], kind="stable")
    reaches = np.eye(len(result), dtype=np.bool_)  # [i, j]: a directed path leads from i to j
    for parent, child in agreed[order]:
        if not reaches[child, parent]:
            result[child, parent] = False
            reaches |= np.outer(reaches[:, parent], reaches[child])
    return result
