"""Labels and masks of the edges between two node types."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.nodes import MASKS, node_store, node_vector


def set_pairs(
    data: HeteroData, edge_type: tuple[str, str, str], edge_index: Tensor, edge_weight: Tensor | None
) -> HeteroData:
    """Replace the edges of ``edge_type``; label them where both ends have ``y``.

    The label is 1 where the two ends have the same ``y``. Masks follow the source node: whether a pair may be
    learned from depends on the node whose class is asked for.
    """
    source, _, target = edge_type
    if edge_type in data.edge_types:
        del data[edge_type]  # an attribute left over from other edges would be silently misaligned
    edges = data[edge_type]
    edges.edge_index = edge_index
    if edge_weight is not None:
        edges.edge_weight = edge_weight
    if "y" in node_store(data, source) and "y" in node_store(data, target):
        row, column = edge_index
        y_source = node_vector(data, source, "y", torch.int64)
        y_target = node_vector(data, target, "y", torch.int64)
        edges.y = (y_source[row] == y_target[column]).float()
        for mask in MASKS:
            if mask in data[source]:
                edges[mask] = node_vector(data, source, mask, torch.bool)[row]
    return data
