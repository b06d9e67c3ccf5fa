"""Where the nodes of a graph are drawn: computed once, here, so that a page only draws."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
from jaxtyping import Float

SIDE = 1000.0
_MARGIN = 40.0


def placed(count: int, edges: Sequence[tuple[int, int, float]], seed: int = 0) -> Float[np.ndarray, "n 2"]:
    """Places in a square of 1000 × 1000, each connected part by springs (Fruchterman & Reingold 1991).

    Parts are packed in rows, the largest first, each in a square whose area is that of its nodes' share.

    Args:
        count: nodes.
        edges: numbers of two nodes, and how strongly they attract each other.
        seed: of where the springs begin.

    Example:
        >>> place = placed(3, [(0, 1, 0.5)])
        >>> place.shape, bool(((place >= 0) & (place <= 1000)).all())
        ((3, 2), True)
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(count))
    graph.add_weighted_edges_from(edges)
    parts = sorted((sorted(part) for part in nx.connected_components(graph)), key=len, reverse=True)
    found = np.zeros((count, 2))
    x, y, tall, wide = 0.0, 0.0, 0.0, max(float(np.sqrt(1.25 * count)), float(np.sqrt(len(parts[0]))) if parts else 0)
    for part in parts:
        side = float(np.sqrt(len(part)))
        if x + side > wide + 1e-9:
            x, y, tall = 0.0, y + tall, 0.0
        found[part] = (x, y) + side * _springs(graph, part, seed)
        x, tall = x + side, max(tall, side)
    return _within(found)


def _springs(graph: nx.Graph, part: list[int], seed: int) -> Float[np.ndarray, "m 2"]:
    """One connected part in the unit square, away from its edge."""
    if len(part) == 1:
        return np.full((1, 2), 0.5)
    place = nx.spring_layout(graph.subgraph(part), seed=seed, iterations=80, k=1.6 / np.sqrt(len(part)))
    found = np.array([place[node] for node in part])
    span = np.ptp(found, axis=0)
    scaled = (found - found.min(0)) / np.where(span > 0, span, 1)
    scaled[:, span <= 0] = 0.5
    return np.asarray(0.12 + 0.76 * scaled)


def _within(found: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """The whole into the square, each way by its own factor, so that nothing is left empty."""
    if not len(found):
        return found
    span = np.ptp(found, axis=0)
    scaled = (found - found.min(0)) / np.where(span > 0, span, 1)
    scaled[:, span <= 0] = 0.5
    return np.asarray(_MARGIN + (SIDE - 2 * _MARGIN) * scaled)
