"""Which rows train, validate and test, where the data do not say: drawn, class by class or group by group."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from avgraph.datasets.checks import Array
from avgraph.errors import DataError

Ints = npt.NDArray[np.int64]
TRAIN, VAL, TEST = 0, 1, 2


def split_rows(count: int, val: float, test: float, seed: int, y: Array | None = None) -> Ints:
    """So large a share of the rows for each part, and of every class too, to within a row; a row of every class trains.

    Args:
        count: of the rows.
        val, test: shares.
        seed: of the draw.
        y: class of each row; without classes all rows are alike.

    Returns:
        0 (train), 1 (val) or 2 (test) of each row.

    Example:
        >>> split_rows(6, val=0, test=1 / 3, seed=0, y=np.array(["a", "a", "a", "b", "b", "b"])).reshape(2, 3).sum(1)
        array([2, 2])
    """
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(count)
    label = np.zeros(count, np.int64) if y is None else np.unique(y, return_inverse=True)[1].reshape(-1)
    ordered = drawn[np.argsort(label[drawn], kind="stable")]  # class after class, in random order within
    first = np.r_[True, label[ordered][1:] != label[ordered][:-1]]
    free = ordered[~first]
    split = np.zeros(count, np.int64)
    for part, share in ((TEST, test), (VAL, val)):
        taken = _every(len(free), min(1.0, share * count / max(len(free), 1)), rng.random())
        split[free[taken]] = part
        free = free[~taken]
    return split


def _every(count: int, share: float, start: float) -> npt.NDArray[np.bool_]:
    """A share of a line of places, as evenly as can be."""
    passed = np.floor((np.arange(count + 1) + start) * share + 1e-9)
    taken: npt.NDArray[np.bool_] = np.diff(passed) > 0
    return taken


def split_groups(group: Array, val: float, test: float, seed: int, where: str) -> Ints:
    """Whole groups for each part, drawn until its share of the rows is as near as it gets.

    Args:
        group: of each row, such as its speaker or the recording that it was cut from.
        val, test: shares of the rows.
        seed: of the draw.
        where: the groups come from, for messages.

    Returns:
        0 (train), 1 (val) or 2 (test) of each row.

    Raises:
        DataError: if there are fewer groups than parts.

    Example:
        >>> split_groups(np.array([7, 7, 8, 8, 9, 9]), val=0, test=1 / 3, seed=0, where="speakers.npy")
        array([0, 0, 2, 2, 0, 0])
    """
    number, size = np.unique(group, return_inverse=True, return_counts=True)[1:]
    parts = [(TEST, test), (VAL, val)]
    wanted = [(part, share * len(group)) for part, share in parts if share > 0]
    if len(size) <= len(wanted):
        raise DataError(f"{where}: expected more than {len(wanted)} groups, one a part at least, got {len(size)}")
    of_group, left = np.zeros(len(size), np.int64), list(np.random.default_rng(seed).permutation(len(size)))
    for rest, (part, rows) in zip(range(len(wanted), 0, -1), wanted, strict=True):
        taken = 0
        while len(left) > rest and (not taken or taken + size[left[-1]] / 2 < rows):
            of_group[left[-1]] = part
            taken += size[left.pop()]
    found: Ints = of_group[number.reshape(-1)]
    return found
