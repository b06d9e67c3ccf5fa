"""Ratings as arrays, whatever file they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RatingTable:
    """Who rated what, one row a rating.

    Attributes:
        user, item: number of the user and of the item of every row [n].
        rating: [n].
        user_name, item_name: what the numbers stand for.
        time: when [n], in any unit; None where nobody wrote it down.
        links: pairs of users, (who trusts, who is trusted) [2, l].
        is_test: published test rows [n]; None where the split is to be drawn.
        user_x, item_x: attributes [u, d], [i, d].
        note: what was left out, and what else a reader of the numbers must know.
        files: SHA-256 by name of file.
    """

    user: Ints
    item: Ints
    rating: Floats
    user_name: Sequence[str]
    item_name: Sequence[str]
    time: Floats | None = None
    links: Ints = field(default_factory=lambda: np.empty((2, 0), np.int64))
    is_test: Bools | None = None
    user_x: npt.NDArray[np.float32] | None = None
    item_x: npt.NDArray[np.float32] | None = None
    note: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rating)

    def rows(self, keep: Bools | Ints) -> RatingTable:
        """Some of the ratings; all users and items stay."""
        return replace(
            self,
            user=self.user[keep],
            item=self.item[keep],
            rating=self.rating[keep],
            time=None if self.time is None else self.time[keep],
            is_test=None if self.is_test is None else self.is_test[keep],
        )

    def pairs(self) -> Ints:
        """One number for every pair of user and item [n]."""
        return self.user * max(1, len(self.item_name)) + self.item


def last_of_each_pair(table: RatingTable) -> RatingTable:
    """Of several ratings of an item by one user the last one, and the rows sorted by user, then item.

    Example:
        >>> table = RatingTable(np.array([1, 0, 1]), np.array([0, 0, 0]), np.array([2.0, 3.0, 5.0]), "ab", "c")
        >>> last_of_each_pair(table).rating
        array([3., 5.])
    """
    pairs = table.pairs()
    order = np.argsort(pairs, kind="stable")
    last = np.append(pairs[order][1:] != pairs[order][:-1], True)[: len(order)]
    return table.rows(order[last])


def core(table: RatingTable, least: int) -> RatingTable:
    """The largest part in which every user and every item has at least ``least`` ratings.

    Example:
        >>> table = RatingTable(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1]), np.ones(5), "abc", "xy")
        >>> core(table, 2).user.tolist()
        [0, 0, 1, 1]
    """
    while len(table):
        users, items = np.bincount(table.user), np.bincount(table.item)
        keep = (users[table.user] >= least) & (items[table.item] >= least)
        if keep.all():
            break
        table = table.rows(keep)
    return table


def without_strangers(table: RatingTable) -> RatingTable:
    """Only users and items that have a rating, numbered anew, and links between those users.

    Example:
        >>> table = RatingTable(np.array([2]), np.array([0]), np.ones(1), "abc", "x", links=np.array([[2], [0]]))
        >>> found = without_strangers(table)
        >>> found.user_name, found.user, found.links.shape
        (['c'], array([0]), (2, 0))
    """
    users, user = np.unique(table.user, return_inverse=True)
    items, item = np.unique(table.item, return_inverse=True)
    number = np.full(len(table.user_name), -1)
    number[users] = np.arange(len(users))
    links = number[table.links]
    return replace(
        table,
        user=user.astype(np.int64),
        item=item.astype(np.int64),
        user_name=[table.user_name[row] for row in users],
        item_name=[table.item_name[row] for row in items],
        links=links[:, (links >= 0).all(0)],
        user_x=None if table.user_x is None else table.user_x[users],
        item_x=None if table.item_x is None else table.item_x[items],
    )
