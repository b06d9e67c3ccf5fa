"""Source nodes that come after the training: joined to the graph of the run, each as if it were alone there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.nn.edges.incidence import Incidence, Side
from avgraph.nn.edges.one_sided import one_sided
from avgraph.tensors.rows import unit_rows_of
from avgraph.transforms.nearest import similarities

_NODE_PARTS = ("x", "score", "view_score")
_EDGE_PARTS = ("edge_weight", "edge_attr", "view_score")


@dataclass(frozen=True, eq=False)
class Joined:
    """A graph with new source nodes behind its own.

    Attributes:
        graph: it; new edges come behind those of the run.
        edges: edge type → how many the run has.
        nodes: source nodes that the run has.
        plans: CSR views in which the nodes of the run hear of no new edge.
    """

    graph: HeteroData
    edges: Mapping[EdgeType, int]
    nodes: int
    plans: Mapping[EdgeType, Incidence]


def join(
    graph: HeteroData, new: HeteroData, inter: EdgeType, kinds: Sequence[EdgeType], steps: Sequence[Any]
) -> Joined:
    """New source nodes with the edges that the steps of the run's graph give them.

    A row that is a node of the run, number by number, has that node's own scores and edges. Relations that no step has
    made, such as edges that came with the data, new nodes have none of.

    Args:
        graph: of the run.
        new: the nodes, encoded.
        inter: (source, candidate, target).
        kinds: all edge types that the model reads.
        steps: transforms of the run's graph; one with ``link(graph, new)`` gives edges, one with
            ``rescore(graph, new, edges)`` other scores by the edges so far.

    Raises:
        GraphError: if new nodes get no candidates, or lack what the nodes of the run have.
    """
    source, count = inter[0], len(graph[inter[0]].x)
    same = same_rows(graph[source].x, new[source].x)
    made: dict[EdgeType, Mapping[str, Tensor]] = {}
    for step in steps:
        if callable(getattr(step, "rescore", None)):
            new = step.rescore(graph, new, made)
        if callable(getattr(step, "link", None)):
            made |= step.link(graph, new)
    if inter not in made and bool((same < 0).any()):
        told = f"those of the run came with its data or by a step without link: {steps}"
        raise GraphError(f"rrnet: new {source!r} rows have no edges {show_edge(inter)}; {told}")
    result, edges, plans = HeteroData(), {}, {}
    for node in (source, inter[2]):
        for key, value in graph[node].items():
            result[node][key] = value
    for key in _NODE_PARTS:
        if key in graph[source]:
            if key not in new[source]:
                raise GraphError(f"rrnet: new {source!r} rows have no {key!r}, which those of the run have")
            own = graph[source][key]
            known = (same >= 0).view(-1, *[1] * (own.ndim - 1))
            result[source][key] = torch.cat([own, torch.where(known, own[same], new[source][key].to(own))])
    for key in ("y", "train_mask"):
        if key in graph[source]:
            result[source][key] = torch.cat([graph[source][key], graph[source][key].new_zeros(len(same))])
    result[source].num_nodes = count + len(same)
    for kind in kinds:
        own, found = graph[kind], made.get(kind) if source in (kind[0], kind[2]) else None
        parts = [own, *([_of_strangers(found, same, count, kind, source)] if found is not None else [])]
        if source in (kind[0], kind[2]):
            parts.append(_of_known(own, same, count, kind, source))
        for key in ("edge_index", *(part for part in _EDGE_PARTS if part in own)):
            result[kind][key] = torch.cat([part[key].to(own[key]) for part in parts], -1 if key == "edge_index" else 0)
        edges[kind] = own.edge_index.shape[1]
        index = result[kind].edge_index
        old = torch.arange(index.shape[1]) < edges[kind]
        hears = [old | ((index[side] >= count) if kind[2 * side] == source else False) for side in (0, 1)]
        sizes = [len(result[kind[2 * side]].x) for side in (0, 1)]
        plans[kind] = one_sided(index, sizes[0], sizes[1], hears[0], hears[1])
    return Joined(result, edges, count, plans)


def same_rows(known: Tensor, asked: Tensor) -> Tensor:
    """The row of ``known`` that each row of ``asked`` is, up to rounding; -1 where it is none.

    Shapes:
        known [n, d], asked [q, d] → [q]

    Example:
        >>> same_rows(torch.eye(2), torch.tensor([[0.0, 1.0], [0.0, 2.0]]))
        tensor([ 1, -1])
    """
    found = []
    for numbers, similarity in similarities(unit_rows_of(asked), unit_rows_of(known)):
        rows, (row, other) = asked[numbers], (similarity > 1 - 1e-6).nonzero(as_tuple=True)
        gap = (rows[row].double() - known[other].double()).abs().amax(1)
        equal = gap <= 1e-5 * known[other].abs().amax(1).double()
        best = torch.full((len(rows),), len(known))
        best = best.scatter_reduce(0, row[equal], other[equal], "amin")
        found.append(torch.where(best < len(known), best, -1))
    return torch.cat(found)


def _of_strangers(
    found: Mapping[str, Tensor], same: Tensor, count: int, kind: EdgeType, source: str
) -> Mapping[str, Tensor]:
    """Without the edges of rows that are nodes of the run."""
    kept = torch.ones(found["edge_index"].shape[1], dtype=torch.bool)
    for side in (0, 1):
        if kind[2 * side] == source:
            end = found["edge_index"][side]
            kept &= ~((end >= count) & (same[(end - count).clamp_min(0)] >= 0))
    return {key: value[..., kept] if key == "edge_index" else value[kept] for key, value in found.items()}


def _of_known(own: Any, same: Tensor, count: int, kind: EdgeType, source: str) -> Mapping[str, Tensor]:
    """The edges of the nodes that some rows are, once more with the rows at their ends."""
    rows, within = (same >= 0).nonzero()[:, 0], kind[0] == kind[2]
    numbers, ends = [], []
    for side in (0, 1):
        if kind[2 * side] != source:
            continue
        grouped = Side.from_index(own.edge_index[side], count)
        degree = grouped.degree[same[rows]]
        place = torch.repeat_interleave(degree)
        nth = torch.arange(len(place)) - (degree.cumsum(0) - degree)[place]
        number = grouped.order[grouped.pointer[same[rows]][place] + nth]
        index, here = own.edge_index[:, number].clone(), rows[place] + count
        loop = (index[0] == index[1]) if within else torch.zeros(len(number), dtype=torch.bool)
        index[side] = here
        index[1 - side] = torch.where(loop, here, index[1 - side])
        kept = ~loop if side else torch.ones_like(loop)  # a loop is at both ends
        numbers.append(number[kept])
        ends.append(index[:, kept])
    number = torch.cat(numbers)
    return {"edge_index": torch.cat(ends, 1), **{key: own[key][number] for key in _EDGE_PARTS if key in own}}
