"""One graph of many: what most of them agree on."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from avgraph.dag.stability import EdgeStability


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
