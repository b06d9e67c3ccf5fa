"""Where to draw the columns of a DAG: in layers from left to right, with few crossings (Sugiyama, Tagawa & Toda 1981).

Every edge is cut at the layers it passes, by a dummy that takes part in ordering and placing, so that long edges run
between the labels and not through them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool

from avgraph.dag.cpdag import topological_order

_LABEL_GAP, _DUMMY_GAP = 1.0, 0.45  # rows between neighbours of a layer
_SWEEPS = 24


@dataclass(frozen=True)
class Layout:
    """Layers and heights; columns without edges have none.

    ``layer`` and ``height`` are by column number; ``route`` lists for each edge (parent, child) the (layer, height)
    pairs it passes between its ends.
    """

    layer: dict[int, int]
    height: dict[int, float]
    route: dict[tuple[int, int], list[tuple[int, float]]]
    isolated: list[int]


def layered(adjacency: Bool[np.ndarray, "p p"]) -> Layout:
    """Lay out a DAG.

    Raises:
        GraphError: if there is a cycle.

    Example:
        >>> chain = np.zeros((3, 3), dtype=bool)
        >>> chain[[0, 1, 0], [1, 2, 2]] = True
        >>> layout = layered(chain)
        >>> layout.layer, [layer for layer, _ in layout.route[0, 2]]
        ({0: 0, 1: 1, 2: 2}, [1])
    """
    layer = _layers(adjacency)
    n_layers = max(layer.values(), default=-1) + 1
    # Items are columns (0 … p − 1) and dummies (p …).
    below: dict[int, list[int]] = {item: [] for item in layer}
    above: dict[int, list[int]] = {item: [] for item in layer}
    rows: list[list[int]] = [[] for _ in range(n_layers)]
    for column, at in layer.items():
        rows[at].append(column)
    chains: dict[tuple[int, int], list[int]] = {}
    following = len(adjacency)
    for parent, child in ((int(a), int(b)) for a, b in np.argwhere(adjacency)):
        chain = [parent]
        for at in range(layer[parent] + 1, layer[child]):
            rows[at].append(following)
            below[following], above[following] = [], []
            chain.append(following)
            following += 1
        chain.append(child)
        chains[parent, child] = chain[1:-1]
        for one, other in pairwise(chain):
            below[one].append(other)
            above[other].append(one)
    rank = _order(rows, above, below)
    height = _place(rows, rank, above, below, len(adjacency))
    item_layer = {item: at for at, items in enumerate(rows) for item in items}
    return Layout(
        layer,
        {column: height[column] for column in layer},
        {edge: [(item_layer[item], height[item]) for item in chain] for edge, chain in chains.items()},
        [k for k in range(len(adjacency)) if k not in layer],
    )


def _layers(adjacency: Bool[np.ndarray, "p p"]) -> dict[int, int]:
    """Longest path from a root; then columns with more children than parents move towards their children."""
    order = [k for k in topological_order(adjacency) if adjacency[k].any() or adjacency[:, k].any()]
    layer: dict[int, int] = {}
    for y in order:
        layer[y] = max((layer[int(x)] + 1 for x in np.flatnonzero(adjacency[:, y])), default=0)
    for x in reversed(order):
        children = np.flatnonzero(adjacency[x])
        if len(children) > adjacency[:, x].sum():
            layer[x] = min(layer[int(y)] for y in children) - 1
    return {k: layer[k] for k in sorted(layer)}


def _order(rows: list[list[int]], above: dict[int, list[int]], below: dict[int, list[int]]) -> dict[int, int]:
    """Sort each layer by the mean rank of its neighbours, down and up in turn; the least crossed order is kept."""
    rank = {item: k for items in rows for k, item in enumerate(items)}
    best, least = dict(rank), _crossings(rows, rank, below)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        near = above if downwards else below
        for items in rows if downwards else reversed(rows):
            key = {k: sum(rank[other] for other in near[k]) / len(near[k]) if near[k] else rank[k] for k in items}
            items.sort(key=lambda k, key=key: (key[k], rank[k]))  # type: ignore[misc]
            rank.update({item: k for k, item in enumerate(items)})
        crossed = _crossings(rows, rank, below)
        if crossed < least:
            best, least = dict(rank), crossed
    for items in rows:
        items.sort(key=lambda item: best[item])
    return best


def _crossings(rows: list[list[int]], rank: dict[int, int], below: dict[int, list[int]]) -> int:
    """Of items in order of their rank: an edge crosses those that begin above it and end below it."""
    total = 0
    for items in rows:
        passed: list[int] = []  # ends of the edges that begin above, sorted
        for item in items:
            for end in sorted(rank[other] for other in below[item]):
                place = bisect_right(passed, end)
                total += len(passed) - place
                passed.insert(place, end)
    return total


def _place(
    rows: list[list[int]],
    rank: dict[int, int],
    above: dict[int, list[int]],
    below: dict[int, list[int]],
    p: int,
) -> dict[int, float]:
    """Heights near those of the neighbours, in the given order and with room for each label."""
    height = {item: float(k) for items in rows for k, item in enumerate(items)}
    for sweep in range(_SWEEPS):
        for items in rows if sweep % 2 == 0 else reversed(rows):
            gap = [
                _LABEL_GAP if a < p and b < p else (_DUMMY_GAP + _LABEL_GAP) / 2 if min(a, b) < p else _DUMMY_GAP
                for a, b in pairwise(items)
            ]
            offset = np.concatenate([[0.0], np.cumsum(gap)])
            near = [[height[other] for other in (*above[k], *below[k])] or [height[k]] for k in items]
            wish = np.array([sum(heights) / len(heights) for heights in near])
            for item, value in zip(items, _ascending(wish - offset) + offset, strict=True):
                height[item] = float(value)
    return height


def _ascending(values: np.ndarray) -> np.ndarray:
    """The non-decreasing sequence nearest to ``values`` (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, size = float(value), 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean, size = (mean * size + other * count) / (size + count), size + count
        pools.append((mean, size))
    return np.concatenate([np.full(size, mean) for mean, size in pools]) if pools else np.empty(0)
