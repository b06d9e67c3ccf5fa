"""Edges between items that are rated alike, or between users who rate alike."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.graph.rating_edges import known_ratings
from avgraph.nn.rating_biases import DampedBiases
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._co_rating import alike
from avgraph.transforms.rating_options import CoRatedOptions


class CoRated(BaseTransform):
    """Add (``node``, ``relation``, ``node``): edges neighbour → centre to each node from the ``k`` most like it.

    Alike are rows of the residuals that the bias model leaves of the training ratings, by damped cosine; only what is
    above 0 counts, so that a node may have fewer neighbours. Edges are sorted by centre, the nearest first, and get
    ``edge_weight``. Edges of the same type are replaced.

    Args:
        node: ``item`` or ``user``.
        k: neighbours a node.
        relation: name of the relation.

    Raises:
        GraphError: if there are no training ratings.

    Example:
        >>> data = HeteroData(user={"num_nodes": 2}, item={"num_nodes": 3})
        >>> data["user", "rates", "item"].edge_index = torch.tensor([[0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]])
        >>> data["user", "rates", "item"].rating = torch.tensor([5.0, 5.0, 1.0, 1.0, 1.0, 5.0])
        >>> data["user", "rates", "item"].train_mask = torch.ones(6, dtype=torch.bool)
        >>> CoRated(k=1)(data)["item", "near", "item"].edge_index
        tensor([[1, 0],
                [0, 1]])
    """

    def __init__(self, *, node: Literal["item", "user"] = "item", k: int = 10, relation: str = "near") -> None:
        check_arguments(CoRatedOptions, node=node, k=k, relation=relation)
        self.node, self.k, self.relation = node, k, relation

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        known = known_ratings(data)
        biases = DampedBiases(known.edge_index, known.rating.double(), known.users, known.items)
        near = alike(known, biases, self.k, self.node).tocoo()
        order = np.lexsort((near.col, -near.data, near.row))
        kind = (self.node, self.relation, self.node)
        if kind in data.edge_types:
            del data[kind]  # an attribute left over from other edges would be silently misaligned
        data[kind].edge_index = torch.from_numpy(np.stack([near.col[order], near.row[order]]).astype(np.int64))
        data[kind].edge_weight = torch.from_numpy(near.data[order]).float()
        return data

    def __repr__(self) -> str:
        return f"CoRated(node={self.node!r}, k={self.k}, relation={self.relation!r})"
