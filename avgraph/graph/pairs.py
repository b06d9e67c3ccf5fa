"""Labels and masks of the edges between two node types: those that their ends imply."""

from __future__ import annotations

import torch
from torch_geometric.data import HeteroData

from avgraph.graph.nodes import MASKS, node_store, node_vector


def label_pairs(data: HeteroData, edge_type: tuple[str, str, str]) -> None:
    """Give edges ``y`` and split masks, in place, where both ends have ``y``.

    The label is 1 where the two ends have the same ``y``. Masks follow the source node: whether a pair may be
    learned from depends on the node whose class is asked for.

    Example:
        >>> data = HeteroData(audio={"y": torch.tensor([1, 0])}, label={"y": torch.arange(2)})
        >>> data["audio", "candidate", "label"].edge_index = torch.tensor([[0, 0], [0, 1]])
        >>> label_pairs(data, ("audio", "candidate", "label"))
        >>> data["audio", "candidate", "label"].y
        tensor([0., 1.])
    """
    source, _, target = edge_type
    if "y" not in node_store(data, source) or "y" not in node_store(data, target):
        return
    edges = data[edge_type]
    row, column = edges.edge_index
    y_source = node_vector(data, source, "y", torch.int64)
    y_target = node_vector(data, target, "y", torch.int64)
    edges.y = (y_source[row] == y_target[column]).float()
    for mask in MASKS:
        if mask in data[source]:
            edges[mask] = node_vector(data, source, mask, torch.bool)[row]
