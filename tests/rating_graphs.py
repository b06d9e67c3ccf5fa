"""Made-up graphs of ratings for tests."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.ratings.graph import rating_graph
from avgraph.datasets.ratings.made_up import made_up_ratings
from avgraph.graph.provenance import Provenance
from avgraph.graph.ratings import CANDIDATES, RATES
from avgraph.transforms import CoRated, RatingStatistics, Unrated


def ratings(seed: int = 0) -> HeteroData:
    """The stand-in of the data sets: 120 users, 80 items, links, nothing computed yet."""
    source = Provenance("made up", "synthetic")
    return rating_graph(
        made_up_ratings("made up"), source, split="random", val_fraction=0.1, test_fraction=0.1, seed=seed
    )


def complete(data: HeteroData | None = None) -> HeteroData:
    """With like items, candidates, statistics, and probabilities as a model would give them."""
    return _made_up().clone() if data is None else _completed(data)


@cache
def _made_up() -> HeteroData:
    return _completed(ratings())


def _completed(data: HeteroData) -> HeteroData:
    for step in (CoRated(k=5), Unrated(k=6, neighbours=10), RatingStatistics(neighbours=10)):
        data = step(data)
    for kind in (RATES, CANDIDATES):
        data[kind].level_probability = probabilities(data[kind].edge_index, 5)
    return data


def probabilities(pairs: Tensor, levels: int) -> Tensor:
    """Some probabilities of levels for every pair, which know no rating."""
    score = torch.sin(pairs[0] * 1.3)[:, None] + torch.cos(pairs[1] * 0.7)[:, None] + torch.arange(levels)
    return (score.float() / 2).softmax(1)
