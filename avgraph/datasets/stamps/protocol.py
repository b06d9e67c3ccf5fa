"""What is new where it is tested: recordings, pictures, both, or only the clips that they are composed to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64

from avgraph.datasets.composed.materials import SILENT

Protocol = Literal["new_recordings", "new_pictures", "both", "new_clips"]
FOLDS = 5


def validation_fold(fold: int) -> int:
    """The fold after the test fold.

    Example:
        >>> validation_fold(1), validation_fold(5)
        (2, 1)
    """
    return fold % FOLDS + 1


def usable_pictures(y: Int64[np.ndarray, " n"], fold: int) -> Bool[np.ndarray, "3 n"]:
    """Which cut-outs each split may show where pictures are held out.

    Of a class with two cut-outs or more one is held out to test, of a class with three or more also one to validate;
    the next fold holds out the next ones. Silent ones are in five parts.

    Example:
        >>> usable_pictures(np.array([0, 0, 0, 1, 1, 2]), fold=1).astype(int)
        array([[0, 0, 1, 0, 1, 1],
               [0, 1, 0, 0, 0, 0],
               [1, 0, 0, 1, 0, 0]])
    """
    usable = np.zeros((3, len(y)), dtype=bool)
    for k in np.unique(y[y != SILENT]):
        rows = np.flatnonzero(y == k)
        split = np.zeros(len(rows), dtype=np.int64)
        if len(rows) >= 3:
            split[fold % len(rows)] = 1
        if len(rows) >= 2:
            split[(fold - 1) % len(rows)] = 2
        usable[split, rows] = True
    silent = np.flatnonzero(y == SILENT)
    usable[_split_of_parts(len(silent), fold), silent] = True
    return usable


def usable_classes(classes: Sequence[str], y: Int64[np.ndarray, " n"], fold: int) -> Bool[np.ndarray, "3 n"]:
    """Which cut-outs or sounds each split may use where whole classes are held out; silent ones as well."""
    split = _split_of_parts(len(classes), fold)
    usable = np.zeros((3, len(y)), dtype=bool)
    own = y != SILENT
    usable[split[y[own]], np.flatnonzero(own)] = True
    silent = np.flatnonzero(~own)
    usable[_split_of_parts(len(silent), fold), silent] = True
    return usable


def everywhere(count: int) -> Bool[np.ndarray, "3 n"]:
    """All are in every split."""
    return np.ones((3, count), dtype=bool)


def _split_of_parts(count: int, fold: int) -> Int64[np.ndarray, " count"]:
    """Splits (0, 1, 2) of ``count`` things that are in five parts of equal size, always the same."""
    part = np.random.default_rng(0).permutation(count) % FOLDS + 1
    return np.where(part == fold, 2, np.where(part == validation_fold(fold), 1, 0))
