"""What a model says of every pair of a graph, of training ratings by a model that has not seen them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.graph.rating_edges import KnownRatings, asked_pairs, known_ratings
from avgraph.graph.ratings import RATES
from avgraph.graph.vocabulary import EdgeType


def out_of_fold(
    data: HeteroData, folds: int, seed: int, answer: Callable[[KnownRatings, Tensor], Tensor]
) -> dict[EdgeType, Tensor]:
    """Rows for all rated pairs and candidates.

    Held-out ratings and candidates are answered from all training ratings, every training rating from those of the
    other folds: else a method would see training ratings through a model that knows them, and test ratings not.

    Args:
        data: with ratings.
        folds: how many.
        seed: of the folds.
        answer: (known ratings, pairs [2, q]) → [q, d].
    """
    known, kinds = known_ratings(data), asked_pairs(data)
    held_out = torch.ones(data[RATES].edge_index.shape[1], dtype=torch.bool)
    held_out[known.edge] = False
    asked = {kind: data[kind].edge_index if kind != RATES else data[kind].edge_index[:, held_out] for kind in kinds}
    found = answer(known, torch.cat(list(asked.values()), 1)).split([pairs.shape[1] for pairs in asked.values()])
    result = dict(zip(kinds, found, strict=True))
    rated = result[RATES].new_empty(len(held_out), result[RATES].shape[1])
    rated[held_out] = result[RATES]
    fold = torch.randperm(len(known.edge), generator=torch.Generator().manual_seed(seed)) % folds
    for number in range(folds):
        mine = fold == number
        rated[known.edge[mine]] = answer(known.rows(~mine), known.edge_index[:, mine])
    result[RATES] = rated
    return result
