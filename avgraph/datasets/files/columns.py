"""Tables whose columns have names, a row a node or an edge: which column is what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from avgraph.datasets.checks import Array, check_numeric
from avgraph.datasets.files.part import Part
from avgraph.errors import DataError, hint
from avgraph.io.named_columns import NamedColumns
from avgraph.io.parquet import ParquetTable
from avgraph.io.table_reader import read_text_table

WORDS = ("name", "source", "target")  # columns that name something, also where they look like numbers


def read_columns(path: Path) -> NamedColumns:
    """The columns of a ``.csv``, ``.tsv`` or ``.parquet`` file.

    Raises:
        DataError: if it cannot be read.
    """
    return ParquetTable(path) if path.suffix.lower() == ".parquet" else read_text_table(path)


class Frame(NamedColumns):
    """Columns of a data frame: anything with ``columns`` and columns by name.

    Args:
        frame: the data frame.
        called: what it is called in messages.
    """

    def __init__(self, frame: Any, called: str) -> None:
        self.frame, self.called = frame, called

    def where(self, name: str) -> str:
        """A column, for messages."""
        return f"{self.called}.{name}"

    def names(self) -> list[str]:
        """Of all columns."""
        return [str(column) for column in self.frame.columns]

    def values(self, name: str) -> Array:
        """Numbers, or words where it holds any.

        Raises:
            DataError: if a value is missing.
        """
        array = np.asarray(self.frame[name])
        if array.dtype.kind in "fiub":
            return array
        values = array.tolist()
        for row, value in enumerate(values):
            if value is None or value != value:  # what pandas has in the place of a missing word
                raise DataError(f"{self.where(name)}: row {row} is missing")
        if values and all(isinstance(value, list | np.ndarray) for value in values):
            return _stacked(values, self.where(name))
        return np.array([str(value) for value in values], dtype=str)


def chosen(
    patterns: Sequence[str], names: Sequence[str], keys: Sequence[str], where: Callable[[str], str]
) -> list[str]:
    """The columns that patterns fit; those that are something else (``fold`` fits ``f*``) only by their whole name.

    Args:
        patterns: names and patterns.
        names: of all columns.
        keys: columns that are something else.
        where: a column → where it is, for messages.

    Raises:
        DataError: if a pattern fits none.

    Example:
        >>> chosen(["f*"], ["fold", "f1", "f0"], ["fold"], "table.{}".format)
        ['f1', 'f0']
    """
    found: list[str] = []
    for pattern in patterns:
        fits = [name for name in names if name == pattern or (name not in keys and fnmatchcase(name, pattern))]
        if not fits:
            raise DataError(f"{where(pattern)}: there is no such column; {hint(pattern, names, 'it has')}")
        found += [name for name in fits if name not in found]
    return found


def part_of(
    columns: NamedColumns,
    keys: Sequence[str],
    features: tuple[str, Sequence[str]],
    where: Callable[[str], str],
    but: Sequence[str] = (),
) -> Part:
    """The columns that are called as keys, those that are features, and any other as an attribute.

    Args:
        columns: of the table.
        keys: what columns may be.
        features: the key of the features, and the columns that are these, by name or pattern.
        where: a column → where it is, for messages.
        but: keys whose columns are left out.

    Raises:
        DataError: if a column is not there or features are no numbers.
    """
    names = columns.names()
    own = chosen(features[1], names, keys, where)
    arrays: dict[str, Array] = {}
    if own and features[0] not in but:
        arrays[features[0]] = np.concatenate([_numbers(columns, name, where(name)) for name in own], 1)
    for key in keys:
        if key in names and key not in (*but, *own, *arrays):
            arrays[key] = _column(columns, key)
    places = {key: where(features[0] if key not in names else key) for key in arrays}
    rest = [name for name in names if name not in (*keys, *own)]
    for name in ("num_nodes", "edge_index"):
        if name in rest:
            raise DataError(f"{where(name)}: a name that the graph needs itself; call the column otherwise")
    attributes = {name: columns.values(name) for name in rest}
    return Part(arrays, places | {name: where(name) for name in rest}, attributes, columns=tuple(own))


def named_rows(
    columns: NamedColumns, features: Sequence[str], where: Callable[[str], str]
) -> tuple[Array, list[str] | None]:
    """The columns of a table that are called so, in this order, as features; and the column ``name``, if there is one.

    Shapes:
        → [n, d], n names

    Raises:
        DataError: if a column is not there or holds no numbers.
    """
    for name in features:
        if name not in columns.names():
            told = f"expected the {len(features)} columns that the run learned from"
            raise DataError(f"{where(name)}: there is no such column; {told}, {hint(name, columns.names(), 'it has')}")
    x = np.concatenate([_numbers(columns, name, where(name)) for name in features], 1)
    names = columns.values("name") if "name" in columns.names() and "name" not in features else None
    return x, None if names is None else [str(name) for name in names]


def _column(columns: NamedColumns, key: str) -> Array:
    if key in WORDS:
        return np.array(columns.words(key), dtype=str)
    return columns.floats(key) if key == "weight" else columns.values(key)


def _numbers(columns: NamedColumns, name: str, where: str) -> Array:
    """A column as a matrix [n, d]."""
    array = columns.floats(name)
    check_numeric(array, where)
    return array.reshape(len(array), -1).astype(np.float64)


def _stacked(values: list[Any], where: str) -> Array:
    lengths = [np.shape(value) for value in values]
    for row, shape in enumerate(lengths):
        if shape != lengths[0]:
            raise DataError(f"{where}: row {row} has shape {list(shape)}, row 0 has {list(lengths[0])}")
    return np.stack([np.asarray(value) for value in values])
