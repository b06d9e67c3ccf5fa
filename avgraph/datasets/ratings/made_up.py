"""Made-up ratings, so that everything runs where there are no data; never mistakable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from avgraph.datasets.ratings.table import RatingTable, last_of_each_pair, without_strangers

_USERS, _ITEMS, _RATINGS, _LINKS, _FOLDS = 120, 80, 2400, 240, 5


def made_up_ratings(note: str, fold: int | None = None) -> RatingTable:
    """Ratings of 1 to 5 from tastes in three dimensions; who trusts somebody has nearly their taste.

    With a fold of 1 to 5 every fifth rating stands for its published test ratings.

    Example:
        >>> table = made_up_ratings("made up")
        >>> len(table) > 1500, sorted(set(table.rating.tolist()))
        (True, [1.0, 2.0, 3.0, 4.0, 5.0])
    """
    rng = np.random.Generator(np.random.PCG64(0))
    taste, film = rng.normal(size=(_USERS, 3)), rng.normal(size=(_ITEMS, 3))
    links = rng.integers(_USERS, size=(2, _LINKS))
    links = np.unique(links[:, links[0] != links[1]], axis=1)
    taste[links[0]] = 0.7 * taste[links[1]] + 0.3 * taste[links[0]]
    user, item = rng.integers(_USERS, size=_RATINGS), (_ITEMS * rng.random(_RATINGS) ** 2).astype(np.int64)
    liked = 3.5 + 0.4 * taste[user, 0] + 0.5 * film[item, 0] + 0.4 * (taste[user] * film[item]).sum(1)
    rating = np.clip(np.round(liked + 0.5 * rng.normal(size=_RATINGS)), 1, 5)
    names = [f"user {row}" for row in range(_USERS)], [f"item {row}" for row in range(_ITEMS)]
    time = np.arange(_RATINGS, dtype=np.float64)
    table = without_strangers(last_of_each_pair(RatingTable(user, item, rating, *names, time, links, note=note)))
    return table if fold is None else replace(table, is_test=np.arange(len(table)) % _FOLDS == fold - 1)
