"""The rows of one type out of the files that it names: arrays, and columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from avgraph.datasets.checks import Array
from avgraph.datasets.files.columns import part_of, read_columns
from avgraph.datasets.files.part import Part
from avgraph.datasets.files.part_options import PartFiles
from avgraph.errors import DataError
from avgraph.io.arrays import map_array, read_array
from avgraph.options.problems import Path as OptionPath


@dataclass(frozen=True)
class PartReader:
    """Files of one type, to be read.

    Attributes:
        files: which they are.
        root: folder that they start from.
        told: option → what a message calls it.
        mapped: whether arrays are mapped from their files where that can be, to stay there.
    """

    files: PartFiles
    root: Path
    told: str
    mapped: bool = False

    def part(self, keys: Sequence[str], features: str) -> Part:
        """All of them; what an option names counts more than a column of the table.

        Args:
            keys: what columns of the table may be, beside attributes.
            features: the key of the features.

        Raises:
            DataError: naming the file, and the column where it is one.
        """
        references = {path: text for path, text in self.files.references().items() if path[0] not in _APART}
        found, read = Part({}, {}, mapped=self.mapped), map_array if self.mapped else read_array
        if self.files.table is not None:
            columns = read_columns(self.root / self.files.table)
            but = [str(path[0]) for path in references if len(path) == 1]
            table = part_of(columns, keys, (features, self.files.features or ()), self.column, but)
            found = replace(table, mapped=self.mapped)
            if self.files.features is not None:
                found.where[features] = f"{self.root / self.files.table} ({self.told}.features)"
        for path, text in references.items():
            name, where = str(path[-1]), self.where(path)
            rows = found.arrays if len(path) == 1 else found.attributes
            rows[name], found.where[name] = decoded(read(text, self.root), where), where
        return found

    def only(self, key: str) -> Part:
        """One of them, where it is there."""
        if (text := getattr(self.files, key)) is not None:
            return Part({key: decoded(read_array(text, self.root), self.where((key,)))}, {key: self.where((key,))})
        columns = None if self.files.table is None else read_columns(self.root / self.files.table)
        if columns is None or key not in columns.names():
            return Part({}, {})
        return Part({key: columns.values(key)}, {key: self.column(key)})

    def where(self, option: OptionPath) -> str:
        """A file and the option that names it, for messages."""
        text = self.files.references()[option]
        return f"{self.root / text} ({'.'.join(map(str, (self.told, *option)))})"

    def column(self, name: str) -> str:
        """A column of the table, for messages."""
        return f"{self.root / str(self.files.table)}:{name} ({self.told}.table)"


_APART = ("table", "random_split")


def decoded(array: Array, where: str) -> Array:
    """Words that are stored as bytes, as text.

    Raises:
        DataError: if they are not UTF-8.
    """
    if array.dtype.kind != "S":
        return array
    try:
        return np.char.decode(np.asarray(array, dtype=np.bytes_), "utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8: {error.reason}") from None
