"""Which ratings are to train on, to choose by and to test on."""

from __future__ import annotations

from typing import Literal

import numpy as np

from avgraph.datasets.ratings.table import Bools, Ints, RatingTable
from avgraph.errors import DataError

Split = Literal["random", "per_user", "by_time"]


def split_ratings(table: RatingTable, split: Split, val: float, test: float, seed: int) -> Ints:
    """0 (train), 1 (val) or 2 (test) for every rating.

    ``random`` draws from all ratings; ``per_user`` takes of every user's ratings the same share, rounded down, so that
    nobody is left without training ratings; ``by_time`` tests on the latest ratings of all and validates on those
    before them. Where the table has published test rows they are the test rows, and ``val`` is a share of the others.

    Shapes:
        → [n]

    Raises:
        DataError: if there is no time to split by, or a split that is asked for would get no rating.

    Example:
        >>> table = RatingTable(np.zeros(5, int), np.arange(5), np.ones(5), "a", "vwxyz", time=np.array([5., 1, 2, 4, 3]))
        >>> split_ratings(table, "by_time", 0.2, 0.2, 0).tolist()
        [2, 0, 0, 1, 0]
    """  # noqa: E501
    rng = np.random.Generator(np.random.PCG64(seed))
    published = np.zeros(len(table), bool) if table.is_test is None else table.is_test
    if table.is_test is not None:
        test = 0.0
    place = rng.permutation(len(table))
    if split == "by_time":
        if table.time is None:
            raise DataError("dataset.split: by_time: the ratings have no time; expected random or per_user")
        place = np.argsort(np.argsort(-table.time, kind="stable"), kind="stable")
    rank, count = _ranks(place, np.zeros_like(table.user) if split != "per_user" else table.user, ~published)
    size = (count * test).astype(np.int64), (count * val).astype(np.int64)
    part = np.where(rank < size[0], 2, np.where(rank < size[0] + size[1], 1, 0))
    part[published] = 2
    for name, number, share in (("test", 2, test), ("val", 1, val), ("train", 0, 1.0)):
        if share and not (part == number).any():
            raise DataError(f"dataset.{name}_fraction: {share} of {len(table)} ratings, split {split}, leaves none")
    return part


def _ranks(place: Ints, group: Ints, drawn: Bools) -> tuple[Ints, Ints]:
    """Place of every drawn row among those of its group, and how many these are; rows that are not drawn come last."""
    order = np.lexsort((place, ~drawn, group))
    start = np.searchsorted(group[order], np.arange(group.max() + 1))
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - start[group[order]]
    return rank, np.bincount(group, weights=drawn, minlength=len(start))[group].astype(np.int64)
