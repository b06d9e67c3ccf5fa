"""The edges between two node types that a transform puts in place of others."""

from __future__ import annotations

from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.pairs import label_pairs


def set_pairs(
    data: HeteroData, edge_type: tuple[str, str, str], edge_index: Tensor, edge_weight: Tensor | None
) -> HeteroData:
    """Replace the edges of ``edge_type``; label them where both ends have ``y``, see `label_pairs`."""
    if edge_type in data.edge_types:
        del data[edge_type]  # an attribute left over from other edges would be silently misaligned
    data[edge_type].edge_index = edge_index
    if edge_weight is not None:
        data[edge_type].edge_weight = edge_weight
    label_pairs(data, edge_type)
    return data
