"""A table of text, a row a line: columns of words and numbers, and the line where one is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avgraph.errors import DataError, shortened
from avgraph.io.csv_header import rows_of
from avgraph.io.named_columns import NamedColumns
from avgraph.io.npy import Array

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TextTable(NamedColumns):
    """A table of text.

    Attributes:
        path: its file.
        columns: name → text of every row.
        header: whether the first line names the columns.
        encoding: of the file.
        delimiter: between columns.
    """

    path: Path
    columns: dict[str, Any]
    header: bool
    encoding: str
    delimiter: str

    def names(self) -> list[str]:
        """Of all columns."""
        return list(self.columns)

    def line(self, row: int) -> int:
        """The line of the file that a row begins on; lines that are empty are no rows."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            return next(islice(_first_lines(file, self.delimiter), row + self.header, None))

    def where(self, row: int) -> str:
        """File and line of a row."""
        return f"{self.path}:{self.line(row)}"

    def words(self, name: str) -> list[str]:
        """A column as it is written, without blanks at its ends."""
        found: list[str] = self._text(name).to_pylist()
        return found

    def values(self, name: str) -> Array:
        """A column as what it holds: whole numbers, numbers, true and false, or else words.

        Among numbers an empty value is NaN. Whole numbers with a zero before them, as ``007``, are words: they name
        something.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        text = self._text(name)
        blank = pc.equal(text, "")
        filled = text if pc.all(blank).as_py() else pc.if_else(blank, pa.scalar(None, pa.string()), text)
        for kind in (pa.int64(), pa.float64()):
            try:
                found: Array = filled.cast(kind).to_numpy()
            except pa.ArrowInvalid:
                continue
            if pc.any(pc.match_substring_regex(text, r"^0\d+$")).as_py():
                break
            return found
        words = text.to_pylist()
        if {word.lower() for word in words} <= {"true", "false"}:
            return np.array([word.lower() == "true" for word in words])
        return np.array(words, dtype=str)

    def floats(self, name: str) -> Floats:
        """A column of numbers, also of NaN and infinite ones.

        Raises:
            DataError: naming row, line and column where there is none.
        """
        value, wrong = self._numbers(name)
        if wrong is not None:
            got = self.columns[name][wrong].as_py().strip()
            told = f"row {wrong} (line {self.line(wrong)}), column {name!r}: expected a number, got {shortened(got)!r}"
            raise DataError(
                f"{self.path}: {told}"
                + ("; write a decimal point" if _number(got.replace(",", ".")) is not None else "")
            )
        return value

    def numbers(self, name: str) -> Floats:
        """A column of finite numbers.

        Raises:
            DataError: naming the line where there is none.
        """
        value, _ = self._numbers(name)
        wrong = np.flatnonzero(~np.isfinite(value))
        if wrong.size:
            row = int(wrong[0])
            got = shortened(self.columns[name][row].as_py().strip())
            raise DataError(f"{self.where(row)}: {name}: expected a finite number, got {got!r}")
        return value

    def _numbers(self, name: str) -> tuple[Floats, int | None]:
        """A column of numbers, NaN for what is none, and the first row that is none."""
        import pyarrow as pa

        text = self._text(name)
        try:
            return np.asarray(text.cast(pa.float64()).to_numpy(), dtype=np.float64), None
        except pa.ArrowInvalid:
            found = [_number(word) for word in text.to_pylist()]
        wrong = next((row for row, number in enumerate(found) if number is None), None)
        return np.array(found, dtype=np.float64), wrong

    def ids(self, *names: str) -> tuple[list[npt.NDArray[np.int64]], list[str]]:
        """Columns of ids as numbers of one list of names, sorted: as numbers where all are whole numbers.

        Raises:
            DataError: naming the line where there is none.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = [self._text(name) for name in names]
        for name, text in zip(names, texts, strict=True):
            empty = np.flatnonzero(pc.equal(text, "").to_numpy())
            if empty.size:
                raise DataError(f"{self.where(int(empty[0]))}: {name} is empty")
        known = pc.unique(pa.chunked_array([chunk for text in texts for chunk in text.chunks], pa.string())).to_pylist()
        known.sort(key=int if all(name.isdecimal() and name.isascii() for name in known) else None)
        found = [pc.index_in(text, pa.array(known, pa.string())).to_numpy().astype(np.int64) for text in texts]
        return found, known

    def _text(self, name: str) -> Any:
        import pyarrow.compute as pc

        return pc.utf8_trim_whitespace(self.columns[name])


def _first_lines(file: Any, delimiter: str) -> Iterator[int]:
    """The line that each filled row begins on, from 1; a value between quotation marks may hold line ends."""
    reader, before = rows_of(file, delimiter), 0
    for row in reader:
        if row:
            yield before + 1
        before = reader.line_num


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
