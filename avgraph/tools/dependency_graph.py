"""A dependency graph as a `HeteroData`, for export."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch_geometric.data import HeteroData

from avgraph.tools.found import AgreedEdge, FoundEdge
from avgraph.tools.made_of import MadeOf


def dependency_graph(
    names: Sequence[str], edges: Sequence[FoundEdge] | Sequence[AgreedEdge], made_of: MadeOf | None = None
) -> HeteroData:
    """Nodes ``column``; edges (column, drives, column), each with every number of `FoundEdge`.

    ``edge_weight`` is the edge's ``weight``, or how often it is ``adjacent`` in a consensus.

    Example:
        >>> edge = FoundEdge("rain", "wet", True, -0.8, 1.0, 0.9, 0.0, 1.0)
        >>> drives = dependency_graph(["rain", "wet"], [edge])["column", "drives", "column"]
        >>> drives.edge_index.tolist(), drives.directed.tolist(), drives.adjacent.tolist()
        ([[0], [1]], [True], [1.0])
    """
    data = HeteroData()
    data["column"].name = list(names)
    data["column"].num_nodes = len(names)
    position = {name: k for k, name in enumerate(names)}
    ends = [[position[edge.parent] for edge in edges], [position[edge.child] for edge in edges]]
    drives = data["column", "drives", "column"]
    drives.edge_index = torch.tensor(ends, dtype=torch.long).reshape(2, len(edges))
    drives.directed = torch.tensor([edge.directed for edge in edges], dtype=torch.bool)
    numbers = [{"edge_weight": edge.adjacent, **edge._asdict()} for edge in edges]
    for name in ("edge_weight", "weight", "coefficient", "forward", "backward", "adjacent"):
        if numbers and name in numbers[0]:
            key = "edge_weight" if name == "weight" else name
            drives[key] = torch.tensor([row[name] for row in numbers], dtype=torch.float32)
    if made_of is not None:
        made_of.write_to(data)
    return data
