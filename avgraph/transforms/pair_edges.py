"""Pairs as edges: a sound and the texts that describe it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.graph.nodes import node_labels
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms.pairs import set_pairs
from avgraph.transforms.relation_options import PairEdgesOptions


class PairEdges(BaseTransform):
    """Add (``source``, ``relation``, ``target``): from every source node to each target node of the same ``y``.

    ``y`` is a class, or the number of a recording whose captions the target nodes are; -1 is none. Edges are sorted by
    source, then target, and get ``y`` (all 1) and the masks of the source node. Edges that the graph already has under
    the same type are replaced.

    Args:
        source, target: node types with ``y``.
        relation: name of the relation.

    Raises:
        GraphError: if a node type or its ``y`` is missing.

    Example:
        >>> data = HeteroData(audio={"y": torch.tensor([1, 0])}, text={"y": torch.tensor([1, 0, 1])})
        >>> PairEdges("audio", "text")(data)["audio", "described", "text"].edge_index
        tensor([[0, 0, 1],
                [0, 2, 1]])
    """

    def __init__(self, source: str, target: str, *, relation: str = "described") -> None:
        check_arguments(PairEdgesOptions, source=source, target=target, relation=relation)
        self.source, self.target, self.relation = source, target, relation

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        y_source, y_target = (node_labels(data, node) for node in (self.source, self.target))
        return set_pairs(data, (self.source, self.relation, self.target), matching_pairs(y_source, y_target), None)

    def __repr__(self) -> str:
        return f"PairEdges({self.source!r}, {self.target!r}, relation={self.relation!r})"


def matching_pairs(label: Tensor, other: Tensor) -> Tensor:
    """Every pair of equal labels of 0 or more, in the order of the first, then the second.

    Shapes:
        label [n], other [m] → [2, pairs]

    Example:
        >>> matching_pairs(torch.tensor([1, 0]), torch.tensor([1, 0, 1])).tolist()
        [[0, 0, 1], [0, 2, 1]]
    """
    order = other.argsort(stable=True)
    first, end = (torch.searchsorted(other[order], label, right=right) for right in (False, True))
    count = (end - first) * (label >= 0)
    row = torch.repeat_interleave(count)
    within = torch.arange(len(row), device=row.device) - (count.cumsum(0) - count)[row]
    return torch.stack([row, order[first[row] + within]])
