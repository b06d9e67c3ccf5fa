"""Pictures of a DAG, or of a graph some of whose edges have no direction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag.columns import check_names
from avgraph.dag.cpdag import topological_order
from avgraph.dag.figure import Drawing, figure_of
from avgraph.dag.result import DAG
from avgraph.errors import DataError
from avgraph.io.pictures import save_figure


def draw_dag(
    dag: DAG,
    path: str | Path,
    *,
    weights: Float[np.ndarray, "p p"] | None = None,
    most_edges: int | None = None,
    equivalence_class: Bool[np.ndarray, "p p"] | None = None,
) -> Path:
    """Write the picture to ``path`` (``.png`` or ``.svg``); returns the path.

    Columns without edges are listed below the graph.

    Args:
        dag: what to draw.
        path: file; it is whole or absent.
        weights: widths of the edges in proportion (as from `avgraph.dag.dependency_weights`); equal if not given.
            Edges of negative ones (as from `avgraph.dag.regression_coefficients`) are dashed.
        most_edges: draw no more than the heaviest so many edges, and say so; all without it.
        equivalence_class: edges that it has both ways (as from `DAG.cpdag`) are drawn without arrow head.

    Shapes:
        weights, equivalence_class [p, p], parent row → child column.

    Raises:
        DataError: if the suffix is neither, a matrix has another shape, or ``most_edges`` comes without weights.

    Example:
        >>> import tempfile
        >>> edge = np.array([[False, True], [False, False]])
        >>> dag = DAG(np.arange(2), edge, -10.0, ("rain", "wet"), True, 1, np.array([-10.0]), edge[None])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_dag(dag, f"{folder}/dag.svg").stat().st_size > 1000
        True
    """
    graph = dag.adjacency if equivalence_class is None else equivalence_class
    _check_shapes(dag.adjacency.shape, weights=weights, equivalence_class=graph)
    return save_figure(figure_of(drawing_of(dag.adjacency, graph, dag.names, weights, most_edges)), path)


def draw_graph(
    graph: Bool[np.ndarray, "p p"],
    path: str | Path,
    *,
    names: Sequence[str] | None = None,
    weights: Float[np.ndarray, "p p"] | None = None,
    most_edges: int | None = None,
    ranked: str = "heaviest",
) -> Path:
    """Draw a partially directed graph, such as `avgraph.dag.consensus_graph`, as `draw_dag` draws a DAG.

    Args:
        graph: edges that stand both ways have no direction; the others form no cycle.
        path, weights, most_edges: see `draw_dag`.
        names: of the columns (default: x0, x1, …).
        ranked: what the edges with the largest weights are called where not all are drawn.

    Raises:
        DataError: as `draw_dag`.
        GraphError: if the directed edges form a cycle.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     draw_graph(np.array([[False, True], [True, False]]), f"{folder}/g.png").name
        'g.png'
    """
    _check_shapes(graph.shape, weights=weights)
    place = np.argsort(topological_order(graph & ~graph.T))
    forward = graph & (place[:, None] < place[None])
    return save_figure(
        figure_of(drawing_of(forward, graph, check_names(names, len(graph)), weights, most_edges, ranked)), path
    )


def drawing_of(
    adjacency: Bool[np.ndarray, "p p"],
    graph: Bool[np.ndarray, "p p"],
    names: tuple[str, ...],
    weights: Float[np.ndarray, "p p"] | None = None,
    most_edges: int | None = None,
    ranked: str = "heaviest",
) -> Drawing:
    """What the picture of ``graph`` shows.

    Args:
        adjacency: its edges, turned so that they form no cycle.
        graph: the edges; those that stand both ways have no direction.
        names, weights, most_edges, ranked: see `draw_graph`.

    Raises:
        DataError: as `draw_dag`.

    Example:
        >>> chain = np.zeros((3, 3), dtype=bool)
        >>> chain[[0, 1], [1, 2]] = True
        >>> drawing = drawing_of(chain, chain | chain.T, ("a", "b", "c"), np.where(chain, [0, 2.0, 1], 0), most_edges=1)
        >>> np.argwhere(drawing.adjacency).tolist(), drawing.undirected.any(), drawing.notes(60)[-1]
        ([[0, 1]], np.True_, '1 with lighter edges alone: c')
    """
    undirected, n_edges = adjacency & graph.T, int(adjacency.sum())
    if most_edges is None or n_edges <= most_edges:
        return Drawing(adjacency, undirected, weights, names)
    if weights is None:
        raise DataError("most_edges: expected weights, to tell which edges are the heaviest")
    strength = np.where(adjacency, np.abs(weights), -np.inf)
    heaviest = np.zeros(strength.size, dtype=np.bool_)
    heaviest[np.argsort(-strength, axis=None, kind="stable")[:most_edges]] = True
    drawn = heaviest.reshape(strength.shape)
    lost = np.flatnonzero(_touched(adjacency) & ~_touched(drawn))
    return Drawing(
        drawn, undirected, weights, names, (f"the {most_edges} {ranked} of {n_edges} edges",), tuple(lost.tolist())
    )


def _check_shapes(shape: tuple[int, ...], **matrices: Any) -> None:
    for what, matrix in matrices.items():
        if matrix is not None and matrix.shape != shape:
            raise DataError(f"{what}: expected {list(shape)}, got {list(matrix.shape)}")


def _touched(adjacency: Bool[np.ndarray, "p p"]) -> Bool[np.ndarray, " p"]:
    """Which columns have an edge."""
    return np.asarray(adjacency.any(axis=0) | adjacency.any(axis=1))
