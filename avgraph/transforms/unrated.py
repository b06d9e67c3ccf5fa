"""What a user has not rated and may like: candidates to recommend from."""

from __future__ import annotations

import torch
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.graph.rating_edges import known_ratings
from avgraph.graph.ratings import CANDIDATES
from avgraph.nn.rating_biases import DampedBiases
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._co_rating import alike, ones, residuals
from avgraph.transforms.rating_options import UnratedOptions
from avgraph.transforms.top_k import stable_top_k

_DAMPED = 0.5
_SCORES_AT_A_TIME = 4_000_000


class Unrated(BaseTransform):
    """Add (user, candidate, item): the ``k`` items without a training rating of the user that score highest.

    The score is the item's bias and the mean residual of the user's ratings of like items. A held-out item may be
    among them as any other. Edges are sorted by user, then by score; edges of the same type are replaced.

    Args:
        k: candidates a user.
        neighbours: how many like items speak for an item.
        damping: of the biases.

    Raises:
        GraphError: if there are no training ratings.

    Example:
        >>> data = HeteroData(user={"num_nodes": 2}, item={"num_nodes": 3})
        >>> data["user", "rates", "item"].edge_index = torch.tensor([[0, 0, 1], [0, 1, 2]])
        >>> data["user", "rates", "item"].rating = torch.tensor([5.0, 1.0, 4.0])
        >>> data["user", "rates", "item"].train_mask = torch.ones(3, dtype=torch.bool)
        >>> Unrated(k=1)(data)["user", "candidate", "item"].edge_index
        tensor([[0, 1],
                [2, 0]])
    """

    def __init__(self, *, k: int = 50, neighbours: int = 50, damping: float = 5.0) -> None:
        check_arguments(UnratedOptions, k=k, neighbours=neighbours, damping=damping)
        self.k, self.neighbours, self.damping = k, neighbours, damping

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        known = known_ratings(data)
        biases = DampedBiases(known.edge_index, known.rating.double(), known.users, known.items, damping=self.damping)
        left, near = residuals(known, biases), alike(known, biases, self.neighbours, "item").T.tocsr()
        rated = ones(left)
        step, ends = max(1, _SCORES_AT_A_TIME // max(1, known.items)), []
        for start in range(0, known.users, step):
            mine = slice(start, start + step)
            carried = (left[mine] @ near).toarray() / ((rated[mine] @ near).toarray() + _DAMPED)
            score = biases.item + torch.from_numpy(carried)
            score[torch.from_numpy(rated[mine].toarray() > 0)] = -torch.inf
            item, value = stable_top_k(score, min(self.k, known.items))
            user = torch.arange(len(score))[:, None] + start
            ends.append(torch.stack([user.expand_as(item), item])[:, value > -torch.inf])
        if CANDIDATES in data.edge_types:
            del data[CANDIDATES]  # an attribute left over from other edges would be silently misaligned
        data[CANDIDATES].edge_index = torch.cat(ends, 1)
        return data

    def __repr__(self) -> str:
        return f"Unrated(k={self.k}, neighbours={self.neighbours}, damping={self.damping})"
