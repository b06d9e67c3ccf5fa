"""A learned graph as it is explored: what of it is shown, and under which words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import shortened
from avgraph.graph.vocabulary import SPLITS, EdgeType
from avgraph.report.choice import best_first, ends_of, rank, size_of, telling, weights_of
from avgraph.report.words import short_classes

MOST_NODES, MOST_EDGES = 360, 1200
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Node:
    """A node that is shown.

    Attributes:
        name: what it is called.
        kind: its type.
        label: its class; empty where it has none.
        split: part of the data that it belongs to; empty where the graph does not say.
        answer: the class that the run gives it; empty where it gives none.
        degree: edges in the whole graph.
    """

    name: str
    kind: str
    label: str
    split: str
    answer: str
    degree: int


@dataclass(frozen=True)
class Edge:
    """An edge that is shown: numbers of its ends among the nodes shown, its relation, what it has learned."""

    source: int
    target: int
    relation: str
    values: dict[str, float]


@dataclass(frozen=True)
class Network:
    """What of a graph is shown.

    Attributes:
        nodes, edges: those shown.
        relations: name → how many edges are shown, and how many there are.
        first: the relations that the choice was made by, which are seen at first.
        weights: names of what edges have learned, the most telling first.
        all_nodes, all_edges: of the whole graph.
        chosen: how the nodes were, in words; empty where all have room.
    """

    nodes: list[Node]
    edges: list[Edge]
    relations: dict[str, tuple[int, int]]
    first: list[str]
    weights: list[str]
    all_nodes: int
    all_edges: int
    chosen: str = ""


def explored(graph: HeteroData, most_nodes: int = MOST_NODES, most_edges: int = MOST_EDGES) -> Network | None:
    """What of a graph there is room for; None where it has no edges.

    The relations with the most telling weight (`avgraph.report.choice.LEARNED`) choose the nodes: where they begin at
    rows of the test, so many of these, evenly from the least sure to the surest; else the nodes with most edges. Of
    the edges between them every node's strongest come first. Other relations follow where both ends are there.

    Args:
        graph: a learned one.
        most_nodes, most_edges: that are shown.

    Example:
        >>> graph = HeteroData(a={"name": ["x", "y"]}, b={"name": ["z"]})
        >>> graph["a", "to", "b"].edge_index = torch.tensor([[0, 1], [0, 0]])
        >>> graph["a", "to", "b"].probability = torch.tensor([0.75, 0.25])
        >>> [(edge.source, edge.target, edge.values) for edge in explored(graph, most_edges=1).edges]
        [(0, 1, {'probability': 0.75})]
    """
    there = [kind for kind in graph.edge_types if graph[kind].edge_index.shape[1]]
    if not there:
        return None
    chosen = ""
    first, names = telling(graph, there), _names(there)
    sizes = {node: size_of(graph, node) for node in graph.node_types}
    kept = {node: torch.zeros(size, dtype=torch.bool) for node, size in sizes.items()}
    for kind in first:
        ends, chosen = ends_of(graph, kind, sizes, most_nodes // len(first))
        for node, rows in ends:
            kept[node][rows] = True
    degree = {node: torch.zeros(size, dtype=torch.int64) for node, size in sizes.items()}
    for kind in there:
        for node, end in zip((kind[0], kind[2]), graph[kind].edge_index.cpu(), strict=True):
            degree[node] += torch.bincount(end, minlength=sizes[node])
    nodes: list[Node] = []
    place = {}
    for node, mask in kept.items():
        place[node] = torch.full((sizes[node],), -1).masked_scatter(
            mask, torch.arange(len(nodes), len(nodes) + int(mask.sum()))
        )
        nodes += _nodes(graph, node, mask.nonzero()[:, 0].tolist(), degree[node])
    edges: list[Edge] = []
    relations = {}
    for kind in [*first, *(kind for kind in there if kind not in first)]:
        room = most_edges if kind not in first or len(first) == len(there) else most_edges * 3 // 4
        found = _edges(graph, kind, names[kind], place, room - len(edges))
        if found:
            relations[names[kind]] = (len(found), graph[kind].edge_index.shape[1])
        edges += found
    nodes, edges = _joined(nodes, edges)
    weights = sorted({name for edge in edges for name in edge.values}, key=rank)
    total = sum(graph[kind].edge_index.shape[1] for kind in there)
    return Network(
        nodes, edges, relations, [names[kind] for kind in first], weights, sum(sizes.values()), total, chosen
    )


def _joined(nodes: list[Node], edges: list[Edge]) -> tuple[list[Node], list[Edge]]:
    """Without the nodes that no edge shown has."""
    used = sorted({end for edge in edges for end in (edge.source, edge.target)})
    place = {row: number for number, row in enumerate(used)}
    moved = [replace(edge, source=place[edge.source], target=place[edge.target]) for edge in edges]
    return [nodes[row] for row in used], moved


def _names(kinds: Sequence[EdgeType]) -> dict[EdgeType, str]:
    """The relation alone where no other has its name, else with the ends."""
    relations = [kind[1] for kind in kinds]
    return {kind: kind[1] if relations.count(kind[1]) == 1 else " ".join(kind) for kind in kinds}


def _edges(graph: HeteroData, kind: EdgeType, name: str, place: dict[str, Tensor], room: int) -> list[Edge]:
    pair, weights = graph[kind].edge_index.cpu(), weights_of(graph[kind])
    ends = torch.stack([place[kind[0]][pair[0]], place[kind[2]][pair[1]]])
    strength = next(iter(weights.values()), torch.ones(pair.shape[1], dtype=torch.float64)).nan_to_num()
    rows = best_first(pair, strength, (ends >= 0).all(0))[: max(0, room)]
    columns = {key: value[rows].tolist() for key, value in weights.items()}
    return [
        Edge(
            source,
            target,
            name,
            {key: values[number] for key, values in columns.items() if math.isfinite(values[number])},
        )
        for number, (source, target) in enumerate(ends[:, rows].T.tolist())
    ]


def _nodes(graph: HeteroData, node: str, rows: list[int], degree: Tensor) -> list[Node]:
    store, classes = graph[node], short_classes(graph, node)
    names = store.get("name")
    listed = names if isinstance(names, list) and len(names) == len(degree) else None

    def of_class(key: str, row: int) -> str:
        value = store.get(key)
        if (
            not isinstance(value, Tensor)
            or value.shape != (len(degree),)
            or value.is_floating_point()
            or value[row] < 0
        ):
            return ""
        return classes.get(int(value[row]), f"class {int(value[row])}")

    def split(row: int) -> str:
        masks = ((part, store.get(f"{part}_mask")) for part in SPLITS)
        return next((part for part, mask in masks if isinstance(mask, Tensor) and bool(mask[row])), "")

    return [
        Node(
            shortened(str(listed[row]) if listed else f"{node} {row}", _LONGEST_NAME),
            node,
            of_class("y", row),
            split(row),
            of_class("prediction", row),
            int(degree[row]),
        )
        for row in rows
    ]
