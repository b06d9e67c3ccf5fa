"""The two units as the paper writes them: loops over edges and nodes, every concatenation built."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn import InterUnit, IntraUnit


def intra(unit: IntraUnit, x: Tensor, edge_index: Tensor, edge_attr: Tensor) -> tuple[Tensor, Tensor]:
    ends = edge_index.T.tolist()
    edges = [unit.edge_mlp(torch.cat([x[s], x[r], e])) for (s, r), e in zip(ends, edge_attr, strict=True)]
    nodes = []
    for v in range(len(x)):
        seen = [e for (s, r), e in zip(ends, edges, strict=True) if r == v or (unit.incidence == "both" and s == v)]
        nodes.append(unit.node_mlp(torch.cat([aggregate(unit.aggr, seen, x[v]), x[v]])))
    return torch.stack(nodes), torch.stack(edges) if edges else edge_attr


def inter(
    unit: InterUnit, x_source: Tensor, x_target: Tensor, edge_index: Tensor, edge_attr: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    ends, edges = edge_index.T.tolist(), []
    for (s, r), e in zip(ends, edge_attr, strict=True):
        edges.append(unit.edge_mlp(torch.cat([unit.kernel(torch.cat([x_source[s], x_target[r]])), e])))
    states = []
    for row, x in enumerate((x_source, x_target)):
        nodes = []
        for v in range(len(x)):
            seen = [e for pair, e in zip(ends, edges, strict=True) if pair[row] == v]
            nodes.append(unit.node_mlp(torch.cat([aggregate(unit.aggr, seen, x[v]), x[v]])))
        states.append(torch.stack(nodes))
    return states[0], states[1], torch.stack(edges) if edges else edge_attr


def aggregate(aggr: str | list[str] | None, seen: list[Tensor], like: Tensor) -> Tensor:
    total = torch.zeros_like(like)
    for e in seen:
        total = total + e
    return total / max(1, len(seen)) if aggr == "mean" else total
