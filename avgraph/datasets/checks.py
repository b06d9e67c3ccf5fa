"""Checks of arrays a user brings; each message names the file and the row or column that is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from avgraph.errors import DataError, first_few
from avgraph.graph.vocabulary import SPLITS

Array = npt.NDArray[np.generic]

EDGES_AT_A_TIME = 1 << 22
ROWS_AT_A_TIME = 65_536  # bounds the temporary memory of a check of a memory-mapped file
_MEANT = {"training": "train", "valid": "val", "validation": "val", "dev": "val", "testing": "test", "eval": "test"}


def check_finite(array: Array, where: str, axis: str = "row") -> None:
    """Check that an array of numbers has no NaN and no infinity.

    Raises:
        DataError: naming the first rows that have one.

    Example:
        >>> check_finite(np.array([[0.0], [np.nan], [np.inf]]), "x.npy")
        Traceback (most recent call last):
        avgraph.errors.DataError: x.npy: NaN or infinite values in row 1, 2
    """
    bad: list[int] = []
    for start in range(0, len(array), ROWS_AT_A_TIME):
        block = np.asarray(array[start : start + ROWS_AT_A_TIME])
        finite = np.isfinite(block.reshape(len(block), -1)).all(axis=1)
        bad += (start + np.flatnonzero(~finite)).tolist()
    if bad:
        raise DataError(f"{where}: NaN or infinite values in {axis} {first_few(bad)}")


def check_numeric(array: Array, where: str) -> None:
    """Check that an array holds numbers.

    Raises:
        DataError: naming the type it holds instead.

    Example:
        >>> check_numeric(np.array(["a"]), "x.txt")
        Traceback (most recent call last):
        avgraph.errors.DataError: x.txt: expected numbers, got <U1
    """
    if array.dtype.kind not in "fiub":
        raise DataError(f"{where}: expected numbers, got {array.dtype}")


def as_split(array: Array, where: str) -> npt.NDArray[np.int64]:
    """Splits as 0 (train), 1 (val), 2 (test), from these numbers or these words; true is train and false is test.

    Raises:
        DataError: naming the first row with another value, or if numbers are 0 and 1 only: whether 1 is meant to be
            validation, test or a mask of training rows cannot be told.

    Example:
        >>> as_split(np.array(["train", "test"]), "split.txt"), as_split(np.array([True, False]), "split.npy")
        (array([0, 2]), array([0, 2]))
        >>> as_split(np.array([0, 3]), "split.npy")
        Traceback (most recent call last):
        avgraph.errors.DataError: split.npy: row 1: expected train, val, test or 0, 1, 2, got '3'
    """
    if array.dtype.kind == "b":
        return np.where(array, SPLITS.index("train"), SPLITS.index("test")).astype(np.int64)
    code = {word: index for index, word in enumerate(SPLITS)} | {str(index): index for index in range(3)}
    words = [str(value).strip() for value in (as_whole(array, where) if array.dtype.kind == "f" else array).tolist()]
    for row, word in enumerate(words):
        if word not in code:
            meant = word.lower() if word.lower() in SPLITS else _MEANT.get(word.lower())
            told = f"; did you mean '{meant}'?" if meant else ""
            raise DataError(f"{where}: row {row}: expected train, val, test or 0, 1, 2, got {word!r}{told}")
    if set(words) == {"0", "1"}:
        meaning = "0 is train, 1 is val, 2 is test, and no row is 2"
        raise DataError(f"{where}: {meaning}; write words (train, val, test), or true and false for train and test")
    return np.array([code[word] for word in words], dtype=np.int64)


def as_class_index(array: Array, where: str, classes: Sequence[str]) -> npt.NDArray[np.int64]:
    """Whole numbers as indices into ``classes``.

    Raises:
        DataError: naming the first row that is no whole number or out of range.

    Example:
        >>> as_class_index(np.array([0, 2]), "y.npy", ["dog", "cat"])
        Traceback (most recent call last):
        avgraph.errors.DataError: y.npy: row 1: expected a class from 0 to 1, got 2
    """
    index = as_whole(array, where)
    wrong = np.flatnonzero((index < 0) | (index >= len(classes)))
    if wrong.size:
        row = int(wrong[0])
        told = "; classes count from 0" if index.min() == 1 and index[row] == len(classes) else ""
        raise DataError(f"{where}: row {row}: expected a class from 0 to {len(classes) - 1}, got {index[row]}{told}")
    return index


def as_whole(array: Array, where: str) -> npt.NDArray[np.int64]:
    """Whole numbers as int64, also when the file stores them as floating point.

    Raises:
        DataError: naming the first value that is not whole.

    Example:
        >>> as_whole(np.array([1.0, 2.5]), "y.npy")
        Traceback (most recent call last):
        avgraph.errors.DataError: y.npy: row 1: expected a whole number, got 2.5
    """
    check_numeric(array, where)
    if array.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            wrong = np.flatnonzero(~(np.isfinite(array) & (array == np.floor(array))).ravel())
        if wrong.size:
            raise DataError(f"{where}: row {wrong[0]}: expected a whole number, got {array.ravel()[wrong[0]]}")
    return array.astype(np.int64)


def check_edge_index(index: npt.NDArray[np.int64], where: str, ends: Sequence[tuple[str, int]]) -> None:
    """Check that both rows of an edge index point to nodes there are.

    Args:
        index: [2, e].
        where: the file, for the message.
        ends: node type and number of nodes of the source and of the target.

    Raises:
        DataError: naming the first column that points elsewhere.

    Example:
        >>> check_edge_index(np.array([[0, 5], [0, 0]]), "e.npy", [("user", 2), ("item", 3)])
        Traceback (most recent call last):
        avgraph.errors.DataError: e.npy: column 1: source 5, but there are 2 'user' nodes (0 to 1)
    """
    for role, row, (node, count) in zip(("source", "target"), index, ends, strict=True):
        for start in range(0, len(row), EDGES_AT_A_TIME):
            part = np.asarray(row[start : start + EDGES_AT_A_TIME])
            wrong = np.flatnonzero((part < 0) | (part >= count))
            if not wrong.size:
                continue
            column = start + int(wrong[0])
            there = f"there are {count} {node!r} nodes (0 to {count - 1})"
            raise DataError(f"{where}: column {column}: {role} {row[column]}, but {there}")
