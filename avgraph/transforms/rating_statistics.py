"""What the neighbours say of a pair: statistics of known ratings around every user and item, out of fold."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.graph.rating_edges import KnownRatings, known_ratings
from avgraph.graph.ratings import TRUSTS
from avgraph.nn.rating_biases import DampedBiases
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._co_rating import alike, ones, residuals, sums_over_neighbours
from avgraph.transforms._out_of_fold import out_of_fold
from avgraph.transforms.rating_options import RatingStatisticsOptions

COLUMNS = (
    "biases", "item_bias", "user_bias", "item_count", "user_count", "item_spread", "user_spread",
    "like_items", "like_items_weight", "co_rated_items", "co_rated_items_weight",
    "like_users", "like_users_weight", "co_rating_users", "co_rating_users_weight",
    "linked_users", "linked_users_weight",
)  # fmt: skip
_DAMPED = {"like": 0.5, "linked": 2.0, "spread": 3.0}


class RatingStatistics(BaseTransform):
    """Add ``edge_attr`` [e, 17] to ratings and candidates: what known ratings say of a pair; see `COLUMNS`.

    The bias model's prediction and its parts, how many ratings user and item have and how far these spread; then
    the mean residual of the user's ratings of items like this one, of this item's ratings by users like this one
    (alike by residuals, and by what was rated at all), and by users who are linked to this one. Those of a training
    rating come from the other folds.

    Args:
        neighbours: how many like users and items count.
        damping: of the biases.
        folds: of the training ratings.
        seed: of the folds.

    Raises:
        GraphError: if there are no ratings.

    Example:
        >>> from avgraph.datasets.ratings.graph import rating_graph
        >>> from avgraph.datasets.ratings.made_up import made_up_ratings
        >>> from avgraph.graph.provenance import Provenance
        >>> split = {"split": "random", "val_fraction": 0.1, "test_fraction": 0.1, "seed": 0}
        >>> data = rating_graph(made_up_ratings(""), Provenance(), **split)
        >>> RatingStatistics()(data)["user", "rates", "item"].edge_attr.shape[1]
        17
    """

    def __init__(self, *, neighbours: int = 50, damping: float = 5.0, folds: int = 5, seed: int = 0) -> None:
        check_arguments(RatingStatisticsOptions, neighbours=neighbours, damping=damping, folds=folds, seed=seed)
        self.neighbours, self.damping, self.folds, self.seed = neighbours, damping, folds, seed

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the attributes to ``data``; calling the transform instead adds them to a shallow copy."""
        links = data[TRUSTS].edge_index if TRUSTS in data.edge_types else torch.empty(2, 0, dtype=torch.int64)

        def answer(known: KnownRatings, pairs: Tensor) -> Tensor:
            return pair_statistics(known, pairs, links, neighbours=self.neighbours, damping=self.damping)

        for kind, rows in out_of_fold(data, self.folds, self.seed, answer).items():
            data[kind].edge_attr = rows
        return data

    def new_pairs(self, data: HeteroData, pairs: Tensor) -> dict[str, Tensor]:
        """The attributes of any pairs [2, q], from all training ratings."""
        links = data[TRUSTS].edge_index if TRUSTS in data.edge_types else torch.empty(2, 0, dtype=torch.int64)
        known = known_ratings(data)
        return {"edge_attr": pair_statistics(known, pairs, links, neighbours=self.neighbours, damping=self.damping)}

    def __repr__(self) -> str:
        told = f"neighbours={self.neighbours}, damping={self.damping}, folds={self.folds}, seed={self.seed}"
        return f"RatingStatistics({told})"


def pair_statistics(known: KnownRatings, pairs: Tensor, links: Tensor, *, neighbours: int, damping: float) -> Tensor:
    """The statistics of pairs from known ratings alone; ``links`` [2, l] join users, in either direction.

    Shapes:
        pairs [2, q] → [q, 17]
    """
    biases = DampedBiases(known.edge_index, known.rating.double(), known.users, known.items, damping=damping)
    left = residuals(known, biases)
    user, item = (end.numpy() for end in pairs)
    columns = [
        biases.predict(pairs),
        biases.item[pairs[1]],
        biases.user[pairs[0]],
        biases.item_count[pairs[1]].log1p(),
        biases.user_count[pairs[0]].log1p(),
        _spread(left.T)[item],
        _spread(left)[user],
    ]
    for by in ("residual", "count"):
        near = alike(known, biases, neighbours, "item", by=by)
        columns += _carried(left, near, user, item, _DAMPED["like"])
    for by in ("residual", "count"):
        near = alike(known, biases, neighbours, "user", by=by)
        columns += _carried(near, left.T.tocsr(), user, item, _DAMPED["like"], weights=0)
    start, end = links.numpy()
    ones = np.ones(len(start))
    joined = sp.csr_matrix((ones, (start, end)), shape=(known.users, known.users))
    joined = ((joined + joined.T) > 0).astype(np.float64).tocsr()
    columns += _carried(joined, left.T.tocsr(), user, item, _DAMPED["linked"], weights=0)
    return torch.stack([torch.as_tensor(column) for column in columns], 1).float()


def _carried(one: Any, other: Any, row: Any, column: Any, damped: float, *, weights: int = 1) -> list[Any]:
    """Mean residual over neighbours, weighted by how near they are, and the logarithm of the sum of the weights.

    Args:
        one, other: of which one has the residuals, and the other how near the neighbours are.
        row, column: pairs of rows of the two.
        damped: neighbours of residual 0 that every pair is given.
        weights: which of the two matrices says how near.
    """
    counted = one if weights == 0 else ones(one), other if weights == 1 else ones(other)
    weight = sums_over_neighbours(counted[0], counted[1], row, column)
    return [sums_over_neighbours(one, other, row, column) / (weight + damped), np.log1p(weight)]


def _spread(left: Any) -> Any:
    """Root mean square of the residuals of each row, damped towards that of all."""
    whole = float((left.data**2).mean())
    count = np.diff(left.tocsr().indptr)
    damped = _DAMPED["spread"]
    return np.sqrt((np.asarray(left.multiply(left).sum(1)).ravel() + damped * whole) / (count + damped))
