"""The part of a graph that the states of some edges depend on: as many hops as there are layers to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.nn.edges.incidence import Incidence, Side
from avgraph.nn.edges.sampling import incident_edges


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Nodes and edges of a part of a graph, by their numbers in the whole, ascending.

    Attributes:
        nodes: node type → its nodes.
        edges: edge type → its edges.
    """

    nodes: Mapping[str, Tensor]
    edges: Mapping[EdgeType, Tensor]

    def edge_index(self, kind: EdgeType, plan: Incidence) -> Int64[Tensor, "2 e"]:
        """Its edges of one type, between nodes numbered anew; ``plan`` is the view of the whole."""
        sides = ((kind[0], plan.source), (kind[2], plan.target))
        ends = [torch.searchsorted(self.nodes[node], side.index[self.edges[kind]]) for node, side in sides]
        return torch.stack(ends)


def neighbourhood(
    plans: Mapping[EdgeType, Incidence],
    seeds: Mapping[EdgeType, Int64[Tensor, " _"]],
    layers: Sequence[EdgeType],
    *,
    incoming_only: bool = False,
    fan_out: int | None = None,
    rng: np.random.Generator | None = None,
) -> Neighbourhood:
    """What the states of the ``seeds`` after all layers are computed from.

    A layer gives its edges new states by their ends, and the ends new states by their edges. Without ``fan_out`` the
    layers on this part alone leave the seeds with the states that they have in the whole graph. With it a node takes up
    at most so many of its edges of a type, drawn once a call, and those by which its neighbours have taken it up: a
    mean over them is an estimate of the mean over all.

    Args:
        plans: the whole graph, on the CPU.
        seeds: edge type → numbers of edges.
        layers: the edge type that each layer works on, first to last.
        incoming_only: a node takes up the edges within its type at the receiving end only.
        fan_out: most edges of a type and end that a node takes up (within a type: of both ends); None takes all.
        rng: what they are drawn by.

    Raises:
        GraphError: if a layer or a seed has no plan.

    Example:
        >>> near, rates = ("user", "near", "user"), ("user", "rates", "item")
        >>> plans = {near: Incidence.from_edge_index(torch.tensor([[0, 1, 2], [1, 2, 3]]), 4, 4)}
        >>> plans[rates] = Incidence.from_edge_index(torch.tensor([[0, 1, 2], [0, 0, 1]]), 4, 2)
        >>> part = neighbourhood(plans, {rates: torch.tensor([0])}, [near, rates])
        >>> part.nodes["user"].tolist(), part.edges[near].tolist()
        ([0, 1], [0])
    """
    for kind in (*seeds, *layers):
        if kind not in plans:
            raise GraphError(f"neighbourhood: no plan of {show_edge(kind)}")
    nothing = torch.empty(0, dtype=torch.int64)
    edges = dict.fromkeys(plans, nothing)
    nodes = {node: nothing for kind in plans for node in (kind[0], kind[2])}
    asked: dict[tuple[EdgeType, str], Tensor] = {}

    def add(kind: EdgeType, found: Tensor) -> None:
        edges[kind] = torch.cat([edges[kind], found]).unique()
        for node, side in ((kind[0], plans[kind].source), (kind[2], plans[kind].target)):
            nodes[node] = torch.cat([nodes[node], side.index[found]]).unique()

    for kind in reversed(layers):
        found = []
        for node, sides in _ends(kind, plans[kind], incoming_only):
            fresh = nodes[node][torch.isin(nodes[node], asked.get((kind, node), nothing), invert=True)]
            found.append(incident_edges(fresh, sides, fan_out=fan_out, rng=rng))
            asked[kind, node] = nodes[node]
        add(kind, torch.cat([*found, seeds.get(kind, nothing)]))
    for kind in seeds.keys() - set(layers):
        add(kind, seeds[kind])
    return Neighbourhood(nodes, edges)


def _ends(kind: EdgeType, plan: Incidence, incoming_only: bool) -> list[tuple[str, list[Side]]]:
    source, _, target = kind
    if source != target:
        return [(source, [plan.source]), (target, [plan.target])]
    return [(source, [plan.target] if incoming_only else [plan.source, plan.target])]
