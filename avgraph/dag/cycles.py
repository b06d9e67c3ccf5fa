"""Whether the edges of a matrix form a cycle, and which."""

from __future__ import annotations

import networkx as nx
import numpy as np
from jaxtyping import Bool


def cycle_of(adjacency: Bool[np.ndarray, "p p"]) -> list[int]:
    """The nodes of a cycle in order, the first again at its end; empty where there is none.

    Example:
        >>> cycle_of(np.array([[False, True], [True, False]])), cycle_of(np.eye(2, k=1, dtype=bool))
        ([0, 1, 0], [])
    """
    graph = nx.DiGraph(list(zip(*(ends.tolist() for ends in np.nonzero(adjacency)), strict=True)))
    if nx.is_directed_acyclic_graph(graph):
        return []
    cycle = nx.find_cycle(graph)
    return [parent for parent, _ in cycle] + [cycle[0][0]]
