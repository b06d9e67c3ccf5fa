"""Which nodes and edges of a learned graph are shown, where there is no room for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.vocabulary import SPLITS, EdgeType

LEARNED = (
    "probability",
    "frequency",
    "mass",
    "attention",
    "adjacent",
    "precision",
    "trust",
    "prediction",
    "edge_weight",
)
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


def ends_of(
    graph: HeteroData, kind: EdgeType, sizes: dict[str, int], most: int
) -> tuple[list[tuple[str, Tensor]], str]:
    """The nodes of a relation that there is room for, and how they were chosen, in words (none where all have room)."""
    pair, weights, (source, _, target) = graph[kind].edge_index.cpu(), weights_of(graph[kind]), kind
    if _count(pair, source == target) <= most:
        return [(source, pair[0]), (target, pair[1])], ""
    strength = next(iter(weights.values()), torch.ones(pair.shape[1], dtype=torch.float64)).nan_to_num()
    if source == target:
        degree = torch.bincount(pair.flatten(), minlength=sizes[source])
        return [(source, degree.argsort(descending=True, stable=True)[:most])], "the nodes with most edges"
    few, tested = pair[1].unique(), graph[source].get("test_mask")
    if not isinstance(tested, Tensor) and len(few) <= most * 3 // 5:
        strongest = best_first(pair.flip(0), strength, torch.ones(pair.shape[1], dtype=torch.bool))
        kept = dict.fromkeys(pair[0][strongest].tolist())
        sources = torch.tensor(list(kept)[: most - len(few)])
        return [(source, sources), (target, few)], f"every {target} node with the strongest of its {source} nodes"
    surest = torch.full((sizes[source],), -torch.inf, dtype=torch.float64)
    surest.scatter_reduce_(0, pair[0], strength, "amax")
    there = surest.isfinite()
    in_test = isinstance(tested, Tensor) and bool((tested.cpu() & there).any())
    rows = (tested.cpu() & there if in_test else there).nonzero()[:, 0]
    rows = rows[surest[rows].argsort(stable=True)]
    others = len(pair[1][torch.isin(pair[0], rows)].unique())
    room = max(most - others, most // 3)
    rows = rows[torch.linspace(0, len(rows) - 1, min(room, len(rows)), dtype=torch.float64).long()]
    targets = pair[1][best_first(pair, strength, torch.isin(pair[0], rows))]
    kept = dict.fromkeys(targets.tolist())  # in the order of their first edge
    which = f"rows of the test among the {source} nodes" if in_test else f"{source} nodes"
    return [
        (source, rows),
        (target, torch.tensor(list(kept)[: most - len(rows)])),
    ], f"{which}, evenly from the least to the most sure"


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
