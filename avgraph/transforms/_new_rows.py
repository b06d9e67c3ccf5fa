"""The edges of rows that come after the training: each is joined to the graph by itself, and changes none of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from jaxtyping import Float32
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.nodes import node_count
from avgraph.graph.vocabulary import EdgeType
from avgraph.transforms.nearest import checked_unit_rows, similarities
from avgraph.transforms.top_k import stable_top_k

Edges = Mapping[str, Tensor]
"""``edge_index`` [2, e] and whatever else edges have; the numbers of new nodes follow those of the graph."""


def near_edges(
    data: HeteroData, new: HeteroData, kind: EdgeType, k: int, least: Float32[Tensor, " n"], within: str | None
) -> Edges:
    """From the ``k`` nearest nodes of the graph to every new centre, and from every new node to the centres of the
    graph that it would be among the k of.

    Args:
        data: the graph.
        new: the new nodes, with ``x``: nodes, centres or both.
        kind: (node, relation, centre).
        k: neighbours.
        least: of each centre of the graph, how near the furthest of its neighbours is.
        within: attribute that neighbours share, if any.

    Raises:
        GraphError: if a new row is zero or not finite, or has no ``k`` rows of its value of ``within``.
    """
    node, _, centre = kind
    ends, weights = [torch.empty(2, 0, dtype=torch.int64)], [torch.empty(0)]
    for one, other in dict.fromkeys(((centre, node), (node, centre))):
        if one not in new.node_types:
            continue
        unit, asked = (checked_unit_rows(f"{of}.x", store[of].x) for of, store in ((other, data), (one, new)))
        allowed = None if within is None else _same_value(data[other][within], new[one][within])
        first = node_count(data, one)
        for rows, similarity in similarities(asked, unit):
            if allowed is not None:
                similarity[~allowed[rows]] = -torch.inf
            if one == centre:
                index, value = stable_top_k(similarity, min(k, len(unit)))
                if allowed is not None and bool((value == -torch.inf).any()):
                    raise GraphError(f"{other}: expected {k} rows of the same {within!r} as each new row")
                ends.append(torch.stack([index.reshape(-1), (rows + first).repeat_interleave(index.shape[1])]))
                weights.append(value.reshape(-1))
            if one == node:
                row, near = (similarity > least).nonzero(as_tuple=True)
                ends.append(torch.stack([rows[row] + first, near]))
                weights.append(similarity[row, near])
    return {"edge_index": torch.cat(ends, 1), "edge_weight": torch.cat(weights)}


def _same_value(known: Iterable[object], asked: Iterable[object]) -> Tensor:
    values = [[_plain(value) for value in side] for side in (asked, known)]
    number = {value: place for place, value in enumerate(dict.fromkeys(values[0] + values[1]))}
    one, other = (torch.tensor([number[value] for value in side]) for side in values)
    return one[:, None] == other


def _plain(value: object) -> object:
    return value.item() if isinstance(value, Tensor) else value


def paired_edges(data: HeteroData, new: HeteroData, kind: EdgeType, k: int | None) -> dict[EdgeType, Edges]:
    """From every new source to its ``k`` targets of the highest ``score``; to all targets where k is None.

    None where no source is new.

    Raises:
        GraphError: if new rows have no score to choose by.
    """
    source, target = kind[0], kind[2]
    if source not in new.node_types:
        return {}
    rows, targets = node_count(new, source), node_count(data, target)
    score = new[source].get("score")
    if k is None:
        index = torch.arange(targets).expand(rows, targets)
    elif score is None:
        raise GraphError(f"new {source!r} rows have no 'score' to choose candidates by")
    else:
        index = stable_top_k(score, k)[0]
    if score is not None and score.shape[1] != targets:
        raise GraphError(f"{source}.score: expected [{rows}, {targets}], got {list(score.shape)}")
    row = torch.arange(rows).repeat_interleave(index.shape[1])
    column = index.reshape(-1)
    made = {"edge_index": torch.stack([row + node_count(data, source), column])}
    if score is not None:
        made["edge_weight"] = score[row, column].float()
    if k is not None and "view_score" in new[source]:
        made["view_score"] = new[source].view_score.float()[row, :, column]
    return {kind: made}
