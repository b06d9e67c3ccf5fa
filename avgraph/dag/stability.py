"""How often an edge is found, and how often with a direction that its own graph identifies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag.meek import class_under_knowledge
from avgraph.errors import DataError


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
