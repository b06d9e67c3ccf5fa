"""The files of a discovery: graphs and pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.dag import draw_dag, draw_edge_frequency, draw_graph
from avgraph.export import export_graph
from avgraph.tools.found import AgreedEdge, Discovery, FoundEdge
from avgraph.tools.made_of import MadeOf


def write_discovery(found: Discovery, most_edges: int) -> None:
    """Write ``found.files``, each whole or not at all.

    Args:
        found: what there is to write.
        most_edges: that a picture may have.

    Raises:
        DataError: if a file cannot be written.
    """
    names, stability = found.dag.names, found.stability
    graph, picture, frequencies, *agreed = found.files
    export_graph(dependency_graph(names, found.edges(), found.made_of), graph)
    draw_dag(
        found.dag,
        picture,
        weights=found.coefficients,
        most_edges=most_edges,
        equivalence_class=found.equivalence_class,
    )
    possible = stability.adjacent - stability.directed.T  # an edge of open direction counts for both
    title = f"share of {stability.count} {found.counted}; both ways where the direction is open"
    draw_edge_frequency(possible.clip(0, 1), frequencies, names=names, title=title)
    if found.consensus is not None:
        export_graph(dependency_graph(names, found.agreed(), found.made_of), agreed[0])
        strength = np.maximum(np.abs(found.coefficients), np.abs(found.coefficients).T)
        draw_graph(
            found.consensus, agreed[1], names=names, most_edges=most_edges, ranked="most frequent",
            weights=stability.adjacent + 1e-6 * strength,  # of equally frequent ones, the stronger
        )  # fmt: skip


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
