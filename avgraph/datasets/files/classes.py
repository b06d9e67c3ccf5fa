"""What classes the rows of ``type: files`` are of: names or numbers, into the classes of a label node or their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from avgraph.datasets.checks import Array, as_class_index, as_whole
from avgraph.errors import DataError, did_you_mean, first_few

LABEL = "label"  # the node type that numbers point into
_MOST_CLASSES = 10_000_000


@dataclass(frozen=True)
class Classes:
    """Classes by index, and every word that stands for one.

    Attributes:
        names: of the classes, in the order of their index.
        index: word → class.
        where: the file the words are of, for messages; empty where the rows make their own classes.
    """

    names: Sequence[str]
    index: Mapping[str, int] = field(default_factory=dict)
    where: str = ""

    def of(self, y: Array, where: str) -> npt.NDArray[np.int64]:
        """The class of each row.

        Raises:
            DataError: naming the first row whose value is none of them, and the nearest that there is.

        Example:
            >>> Classes(["cat", "dog"], {"cat": 0, "dog": 1}, "names.txt").of(np.array(["cat", "dogg"]), "y.txt")
            Traceback (most recent call last):
            avgraph.errors.DataError: y.txt: row 1: no class 'dogg' in names.txt; did you mean 'dog'?
        """
        if y.dtype.kind not in "US":
            return as_class_index(y, where, self.names)
        for row, word in enumerate(y.tolist()):
            if word not in self.index:
                told = f"no class {word[:80]!r} in {self.where}" if word.strip() else f"empty; no class of {self.where}"
                near = did_you_mean(word, self.index) or f"it has {first_few(list(self.index)) or 'no names'}"
                raise DataError(f"{where}: row {row}: {told}; {near}")
        return np.array([self.index[word] for word in y.tolist()], dtype=np.int64)


def one_label_a_row(y: Array, where: str) -> Array:
    """Labels [n]: a column [n, 1] is taken as [n], and one-hot rows [n, C] as the place of their 1.

    Raises:
        DataError: for another shape, or naming the first row that does not have a single 1.

    Example:
        >>> one_label_a_row(np.array([[0, 1], [1, 0]]), "y.npy")
        array([1, 0])
        >>> one_label_a_row(np.array([[0, 1], [1, 1]]), "y.npy")
        Traceback (most recent call last):
        avgraph.errors.DataError: y.npy: row 1: expected a single 1 (one class per row), got 2 of them
    """
    if y.ndim == 1:
        return y
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    if y.ndim != 2 or y.dtype.kind not in "fiub" or not y.shape[1]:
        raise DataError(f"{where}: expected classes [n] or one-hot [n, C], got {y.dtype} {list(y.shape)}")
    stray = ~((y == 0) | (y == 1))
    if stray.any():
        row, column = np.argwhere(stray)[0]
        raise DataError(
            f"{where}: row {row}: expected one-hot rows of 0 and 1, got {y[row, column]}; save their argmax"
        )
    count = (y == 1).sum(1)
    if wrong := np.flatnonzero(count != 1).tolist():
        got = int(count[wrong[0]]) or "none"
        raise DataError(f"{where}: row {wrong[0]}: expected a single 1 (one class per row), got {got} of them")
    return np.asarray(y.argmax(1))


def find_classes(
    node: str, parts: Mapping[str, Mapping[str, Array]], where: Mapping[str, Mapping[str, str]]
) -> tuple[Array, Classes, str | None]:
    """Labels of a node type, the classes they are of, and the *label node* whose rows are these classes.

    Words belong to the node type whose names have them all, else to the one called ``label``, else to one without
    ``split`` whose names have some of them: a word that it lacks is then a mistake. Numbers point into ``label``.
    Without a label node the distinct words, sorted, are the classes. Words that are all whole numbers, as a text file
    has them, are numbers unless they are the names of a label node.

    Args:
        node: the node type with ``y``.
        parts: node type → its arrays by key, ``y`` of one label a row.
        where: node type → key → file and option, for messages.
    """
    y = parts[node]["y"]
    words = set(y.tolist()) if y.dtype.kind in "US" else set()
    known = {other: set(_words(part)) for other, part in parts.items() if other != node}
    whole = [other for other, names in known.items() if words and words <= names]
    if words and not whole and all(_is_whole(word) for word in words):
        y, words = y.astype(np.int64), set()
    label: str | None
    if not words:
        label = LABEL if node != LABEL and LABEL in parts else None
    elif whole:
        label = LABEL if LABEL in whole else whole[0]
    elif known.get(LABEL):
        label = LABEL
    else:
        some = [other for other, names in known.items() if words & names and "split" not in parts[other]]
        label = some[0] if some else None
    if label is not None:
        return y, _classes_of(parts[label], where[label]), label
    if any(not word.strip() for word in words):
        row = next(row for row, word in enumerate(y.tolist()) if not word.strip())
        raise DataError(f"{where[node]['y']}: row {row}: the class is empty; leave out a row that has none")
    names = sorted(words) if words else [str(c) for c in range(_count(as_whole(y, where[node]["y"]), where[node]["y"]))]
    return y, Classes(names, {name: index for index, name in enumerate(names)}), None


def _words(part: Mapping[str, Array]) -> list[str]:
    """What the rows of a label node are called: by ``name``, and by ``y`` where that is in words."""
    return [str(word) for key in ("name", "y") if key in part and part[key].dtype.kind in "US" for word in part[key]]


def _classes_of(part: Mapping[str, Array], where: Mapping[str, str]) -> Classes:
    """The classes of a label node: its rows, or where it has ``y`` itself, those."""
    count = len(next(iter(part.values())))
    rows = [str(name) for name in part["name"]] if "name" in part else []
    if "y" not in part:
        names = rows or [str(row) for row in range(count)]
        return Classes(names, _by_word(rows, range(count), where), where.get("name", ""))
    y = part["y"]
    if y.dtype.kind in "US" and not all(_is_whole(word) for word in y.tolist()):
        names = sorted(set(y.tolist()))
        of_name = {name: index for index, name in enumerate(names)}
        return Classes(names, _by_word(rows, [of_name[word] for word in y.tolist()], where) | of_name, where["y"])
    whole = as_whole(y.astype(np.int64) if y.dtype.kind in "US" else y, where["y"])
    numbers = whole.tolist()
    first = dict(reversed(list(zip(numbers, rows or map(str, numbers), strict=True))))
    names = [first.get(number, str(number)) for number in range(_count(whole, where["y"]))]
    return Classes(names, _by_word(rows, numbers, where), where.get("name", ""))


def _by_word(words: Sequence[str], classes: Sequence[int], where: Mapping[str, str]) -> dict[str, int]:
    """Word → class; a word that is empty or stands for two classes is refused, with its row."""
    found: dict[str, tuple[int, int]] = {}
    for row, (word, number) in enumerate(zip(words, classes, strict=False)):
        if not word.strip():
            raise DataError(f"{where['name']}: row {row}: the line is empty; expected the name of a class")
        before, other = found.setdefault(word, (row, number))
        if other != number:
            told = f"{word!r} again, as in row {before}; names of classes must differ"
            raise DataError(f"{where['name']}: row {row}: {told}")
    return {word: number for word, (_, number) in found.items()}


def _count(numbers: npt.NDArray[np.int64], where: str) -> int:
    """How many classes there are, by their largest number; a number such as an item's identifier counts none."""
    if (largest := int(numbers.max())) >= _MOST_CLASSES:
        row = int(numbers.argmax())
        raise DataError(f"{where}: row {row}: expected classes counted from 0, below {_MOST_CLASSES}, got {largest}")
    return max(largest, 0) + 1


def _is_whole(word: str) -> bool:
    return word.isascii() and word.removeprefix("-").isdigit() and len(word) < 19
