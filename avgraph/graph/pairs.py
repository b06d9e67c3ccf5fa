"""Labels and masks of the edges between two node types: those that their ends imply."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.nodes import MASKS, node_labels, node_store, node_vector


def label_pairs(data: HeteroData, edge_type: tuple[str, str, str], *, needed: bool = True) -> None:
    """Give edges ``y`` and split masks, in place, where both ends have ``y``.

    The label is 1 where the two ends have the same ``y``, which is 0 or more: -1 is none. Masks follow the source node:
    whether a pair may be learned from depends on the node whose class is asked for;
    pairs of one without are in no split.

    Args:
        data: the graph.
        edge_type: of the edges.
        needed: whether a ``y`` that is no whole number a node is an error; else such edges have no labels.

    Raises:
        GraphError: if ``y`` or a mask is needed and not one value a node.

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
    if not needed and not all(_is_whole(data[node].y) for node in (source, target)):
        return
    edges = data[edge_type]
    row, column = edges.edge_index
    y_source, y_target = node_labels(data, source)[row], node_labels(data, target)[column]
    is_classed = y_source >= 0
    edges.y = ((y_source == y_target) & is_classed).float()
    for mask in MASKS:
        if mask in data[source]:
            edges[mask] = node_vector(data, source, mask, torch.bool)[row] & is_classed


def _is_whole(y: Any) -> bool:
    return isinstance(y, Tensor) and y.dim() == 1 and not (y.is_floating_point() or y.is_complex())
