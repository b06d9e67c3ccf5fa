"""Every pair of two node types."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.graph.nodes import node_count, node_store
from avgraph.graph.vocabulary import EdgeType
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._new_rows import Edges, paired_edges
from avgraph.transforms.candidates import candidate_scores
from avgraph.transforms.options import CompleteOptions
from avgraph.transforms.pairs import set_pairs


class Complete(BaseTransform):
    """Add an edge from every ``source`` node to every ``target`` node.

    Edges are sorted by source, then by target, so that an edge attribute [n·m] is a dense table [n, m].
    They get the attributes that `Candidates` gives: ``edge_weight`` where ``data[source].score`` exists, and,
    where both ends have ``y``, ``y`` and the masks of the source node. Edges that the graph already has under
    the same type are replaced.

    Args:
        source, target: node types.
        relation: name of the relation.

    Raises:
        GraphError: if a node type is missing or the score has another shape than [n_source, n_target].

    Example:
        >>> data = HeteroData(audio={"x": torch.eye(2)}, label={"x": torch.eye(3)})
        >>> Complete("audio", "label")(data)["audio", "candidate", "label"].edge_index
        tensor([[0, 0, 0, 1, 1, 1],
                [0, 1, 2, 0, 1, 2]])
    """

    def __init__(self, source: str, target: str, *, relation: str = "candidate") -> None:
        check_arguments(CompleteOptions, source=source, target=target, relation=relation)
        self.source, self.target, self.relation = source, target, relation

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        n_source, n_target = node_count(data, self.source), node_count(data, self.target)
        store = node_store(data, self.source)
        weight = None
        if "score" in store:
            score = candidate_scores(data, self.source, self.target)
            weight = (score if isinstance(score, Tensor) else torch.from_numpy(np.array(score))).reshape(-1).float()
        device = weight.device if weight is not None else _device(data, self.source)
        row = torch.arange(n_source, device=device).repeat_interleave(n_target)
        column = torch.arange(n_target, device=device).repeat(n_source)
        edge_type = (self.source, self.relation, self.target)
        return set_pairs(data, edge_type, torch.stack([row, column]), weight, labels_needed=True)

    def link(self, data: HeteroData, new: HeteroData) -> dict[EdgeType, Edges]:
        """The edges of nodes that come later, each by itself, to all targets of the graph.

        Args:
            data: the graph with the edges of this step.
            new: the new nodes; their numbers follow those of the graph.

        Raises:
            GraphError: if they lack what the edges are made by.
        """
        return paired_edges(data, new, (self.source, self.relation, self.target), None)

    def __repr__(self) -> str:
        return f"Complete({self.source!r}, {self.target!r}, relation={self.relation!r})"


def _device(data: HeteroData, node: str) -> torch.device:
    tensors = (value for value in data[node].values() if isinstance(value, torch.Tensor))
    first = next(tensors, None)
    return torch.device("cpu") if first is None else first.device
