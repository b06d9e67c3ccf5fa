"""Which nodes and edges of a learned graph are shown, where there is no room for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.vocabulary import SPLITS, EdgeType

LEARNED = ("probability", "frequency", "mass", "attention", "adjacent", "precision", "prediction", "edge_weight")
"""What an edge may have learned, the most telling first."""
_NOT_A_WEIGHT = ("edge_index", "y", "epoch", "time", *(f"{split}_mask" for split in SPLITS))


def rank(name: str) -> tuple[int, str]:
    """Where a weight stands among others, the most telling first."""
    return (LEARNED.index(name) if name in LEARNED else len(LEARNED), name)


def weights_of(store: Any) -> dict[str, Tensor]:
    """What is a number an edge, the most telling first."""
    count = store.edge_index.shape[1]
    found = {
        name: value.cpu().double()
        for name, value in store.items()
        if isinstance(value, Tensor) and value.shape == (count,) and name not in _NOT_A_WEIGHT
    }
    return {name: found[name] for name in sorted(found, key=rank)}


def telling(graph: HeteroData, kinds: Sequence[EdgeType]) -> list[EdgeType]:
    """The relations with the most telling weight; all where none has one."""
    for name in LEARNED:
        if found := [kind for kind in kinds if name in weights_of(graph[kind])]:
            return found
    return list(kinds)


def size_of(graph: HeteroData, node: str) -> int:
    """Nodes of a type: as many as are said, listed, or named by an edge."""
    store = graph[node]
    listed = [
        len(value) for value in store.values() if (isinstance(value, Tensor) and value.ndim) or isinstance(value, list)
    ]
    named = [
        int(graph[kind].edge_index[side].max()) + 1
        for kind in graph.edge_types
        for side in (0, 1)
        if kind[2 * side] == node and graph[kind].edge_index.numel()
    ]
    return int(store["num_nodes"]) if "num_nodes" in store else max([0, *listed, *named])


def ends_of(graph: HeteroData, kind: EdgeType, sizes: dict[str, int], most: int) -> list[tuple[str, Tensor]]:
    """The nodes of a relation that there is room for."""
    pair, weights = graph[kind].edge_index.cpu(), weights_of(graph[kind])
    strength = next(iter(weights.values()), torch.ones(pair.shape[1], dtype=torch.float64)).nan_to_num()
    source, target = kind[0], kind[2]
    tested = graph[source].get("test_mask")
    if source != target and isinstance(tested, Tensor) and bool(tested.cpu()[pair[0]].any()):
        surest = torch.full((sizes[source],), -torch.inf, dtype=torch.float64)
        surest.scatter_reduce_(0, pair[0], strength, "amax")
        rows = (tested.cpu() & surest.isfinite()).nonzero()[:, 0]
        rows = rows[surest[rows].argsort(stable=True)]
        others = pair[1][torch.isin(pair[0], rows)].unique()
        room = max(1, most - len(others)) if len(others) < most else most // 2
        rows = rows[torch.linspace(0, len(rows) - 1, min(room, len(rows)), dtype=torch.float64).long()]
        best = best_first(pair, strength, torch.isin(pair[0], rows))
        return [(source, rows), (target, pair[1][best].unique_consecutive()[: most - len(rows)])]
    order = strength.argsort(descending=True, stable=True)
    degree = [torch.bincount(end, minlength=sizes[node]) for node, end in zip((source, target), pair, strict=True)]
    both = degree[0][pair[0]] + degree[1][pair[1]]
    order = order[both[order].argsort(descending=True, stable=True)]
    few = order[:1]
    while len(few) < len(order) and _count(pair[:, order[: 2 * len(few)]], source == target) <= most:
        few = order[: 2 * len(few)]
    return [(source, pair[0][few]), (target, pair[1][few])]


def _count(pair: Tensor, one_type: bool) -> int:
    return len(pair.unique()) if one_type else len(pair[0].unique()) + len(pair[1].unique())


def best_first(pair: Tensor, strength: Tensor, among: Tensor) -> Tensor:
    """Numbers of edges: the strongest of every source node, then every one's second, and so on."""
    rows = among.nonzero()[:, 0]
    rows = rows[strength[rows].argsort(descending=True, stable=True)]
    by_source = rows[pair[0][rows].argsort(stable=True)]
    source = pair[0][by_source]
    place = torch.arange(len(source)) - torch.searchsorted(source, source)
    return by_source[place.argsort(stable=True)]
