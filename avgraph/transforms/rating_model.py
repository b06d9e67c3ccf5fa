"""What a Bayesian factorisation machine says of every pair, out of fold; the machine is myFM's."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stderr
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import DataError
from avgraph.graph.rating_edges import KnownRatings, known_ratings, rating_levels
from avgraph.graph.ratings import TRUSTS
from avgraph.runtime.progress import counted
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._out_of_fold import out_of_fold
from avgraph.transforms.rating_options import RatingModelOptions

_DROPPED = 10  # one sample in so many, of those that come first


class RatingModel(BaseTransform):
    """Add ``level_probability`` [e, K] to ratings and candidates: the posterior of an ordered probit machine.

    A factorisation machine (Rendle, "Factorization Machines with libFM", 2012) over the user and the item, which items
    the user has rated, who has rated the item, and whom the user is linked to, each scaled by one over the root of
    their number; sampled by Gibbs with an ordered probit likelihood (Ohtsuki, myFM). Training ratings are predicted
    from those of the other folds.

    Args:
        rank: width of the factors.
        samples: Gibbs samples of a chain; the first tenth is dropped.
        chains: how many, whose probabilities are averaged: one of 200 samples is no whole posterior.
        implicit: whether who rated what counts beside how.
        links: whether links of users count, where there are any.
        folds: of the training ratings.
        seed: of folds and samples.

    Raises:
        DataError: if myFM is not installed.
        GraphError: if there are no training ratings, or they have more than 50 levels.
    """

    def __init__(
        self,
        *,
        rank: int = 8,
        samples: int = 200,
        chains: int = 1,
        implicit: bool = True,
        links: bool = True,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        check_arguments(
            RatingModelOptions,
            rank=rank,
            samples=samples,
            chains=chains,
            implicit=implicit,
            links=links,
            folds=folds,
            seed=seed,
        )
        self.rank, self.samples, self.chains = rank, samples, chains
        self.implicit, self.links, self.folds, self.seed = implicit, links, folds, seed

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the probabilities to ``data``; calling the transform instead adds them to a shallow copy."""
        levels = rating_levels(known_ratings(data).rating)
        joined = data[TRUSTS].edge_index if self.links and TRUSTS in data.edge_types else None
        with counted((self.folds + 1) * self.chains * self.samples, "Bayesian factorisation machine") as advance:

            def answer(known: KnownRatings, pairs: Tensor) -> Tensor:
                return self._probabilities(known, pairs, levels, joined, advance)

            for kind, rows in out_of_fold(data, self.folds, self.seed, answer).items():
                data[kind].level_probability = rows
        return data

    def new_pairs(self, data: HeteroData, pairs: Tensor) -> dict[str, Tensor]:
        """The probabilities of any pairs [2, q], from all training ratings: the machine is sampled once more."""
        known = known_ratings(data)
        joined = data[TRUSTS].edge_index if self.links and TRUSTS in data.edge_types else None
        with counted(self.chains * self.samples, "Bayesian factorisation machine") as advance:
            levels = rating_levels(known.rating)
            return {"level_probability": self._probabilities(known, pairs, levels, joined, advance)}

    def _probabilities(
        self, known: KnownRatings, pairs: Tensor, levels: Tensor, links: Tensor | None, advance: Any
    ) -> Tensor:
        machine = imported_machine()
        level = torch.searchsorted(levels, known.rating.contiguous()).numpy()
        there = np.unique(level)  # a fold may lack a level
        users, items, widths = blocks_of(known, links, implicit=self.implicit)

        def blocks(index: Tensor) -> list[Any]:
            return [machine.RelationBlock(index[0].numpy(), users), machine.RelationBlock(index[1].numpy(), items)]

        def step(*_: Any) -> tuple[bool, None]:
            advance(1)
            return False, None

        found = torch.zeros(pairs.shape[1], len(levels))
        for chain in range(self.chains):
            model = machine.MyFMOrderedProbit(rank=self.rank, random_seed=self.seed + chain)
            with redirect_stderr(io.StringIO()):  # its own progress bar
                model.fit(
                    None,
                    np.searchsorted(there, level),
                    X_rel=blocks(known.edge_index),
                    n_iter=self.samples,
                    n_kept_samples=self.samples - self.samples // _DROPPED,
                    group_shapes=widths,
                    callback=step,
                )
            if pairs.shape[1]:
                answer = torch.from_numpy(model.predict_proba(None, X_rel=blocks(pairs))).float()
                found[:, torch.from_numpy(there)] += answer / self.chains
        return found

    def __repr__(self) -> str:
        told = f"implicit={self.implicit}, links={self.links}, folds={self.folds}, seed={self.seed}"
        return f"RatingModel(rank={self.rank}, samples={self.samples}, chains={self.chains}, {told})"


def blocks_of(known: KnownRatings, links: Tensor | None, *, implicit: bool) -> tuple[Any, Any, list[int]]:
    """Columns of users and of items, and how many there are of each kind."""
    of_users, of_items = [sp.identity(known.users)], [sp.identity(known.items)]
    if implicit:
        rated = _incidence(known.edge_index, known.users, known.items)
        of_users.append(_per_root(rated))
        of_items.append(_per_root(rated.T.tocsr()))
    if links is not None:
        of_users.append(_per_root(_incidence(links, known.users, known.users)))
    widths = [part.shape[1] for part in (*of_users, *of_items)]
    return sp.hstack(of_users).tocsr(), sp.hstack(of_items).tocsr(), widths


def _incidence(edge_index: Tensor, rows: int, columns: int) -> Any:
    row, column = edge_index.numpy()
    return sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(rows, columns))


def _per_root(matrix: Any) -> Any:
    """Every row over the root of its sum."""
    total = np.asarray(matrix.sum(1)).ravel()
    return sp.diags(1 / np.sqrt(np.maximum(total, 1))) @ matrix


def imported_machine() -> Any:
    """The module myfm.

    Raises:
        DataError: if it is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks pkg_resources for its version, which warns of its own end
        try:
            import myfm
        except ImportError as error:
            told = f"needs myFM: pip install 'avgraph[ratings]' ({error})"
            raise DataError(f"rating_model {told}") from None
    return myfm
