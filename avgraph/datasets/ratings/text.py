"""Tables of text, a row a line: columns of words and numbers, and the line where one is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from avgraph.datasets.ratings.table import Floats, Ints
from avgraph.errors import DataError, shortened
from avgraph.io.reading import reading


@dataclass(frozen=True)
class TextTable:
    """A table of text.

    Attributes:
        path: its file.
        columns: name → text of every row.
        header: whether the first line names the columns.
        encoding: of the file.
    """

    path: Path
    columns: dict[str, Any]
    header: bool
    encoding: str

    def where(self, row: int) -> str:
        """File and line of a row; lines that are empty are no rows."""
        with self.path.open(encoding=self.encoding) as file:
            filled = (number for number, line in enumerate(file, 1) if line.strip("\r\n"))
            return f"{self.path}:{next(islice(filled, row + self.header, None))}"

    def words(self, name: str) -> list[str]:
        """A column as it is written, without blanks at its ends."""
        import pyarrow.compute as pc

        found: list[str] = pc.utf8_trim_whitespace(self.columns[name]).to_pylist()
        return found

    def numbers(self, name: str) -> Floats:
        """A column of finite numbers.

        Raises:
            DataError: naming the line where there is none.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        text = pc.utf8_trim_whitespace(self.columns[name])
        try:
            value = text.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            value = np.array([_number(word) for word in text.to_pylist()])
        wrong = np.flatnonzero(~np.isfinite(value))
        if wrong.size:
            row = int(wrong[0])
            got = shortened(text[row].as_py())
            raise DataError(f"{self.where(row)}: {name}: expected a finite number, got {got!r}")
        found: Floats = value.astype(np.float64)
        return found

    def ids(self, *names: str) -> tuple[list[Ints], list[str]]:
        """Columns of ids as numbers of one list of names, sorted: as numbers where all are whole numbers.

        Raises:
            DataError: naming the line where there is none.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = [pc.utf8_trim_whitespace(self.columns[name]) for name in names]
        for name, text in zip(names, texts, strict=True):
            empty = np.flatnonzero(pc.equal(text, "").to_numpy())
            if empty.size:
                raise DataError(f"{self.where(int(empty[0]))}: {name} is empty")
        known = pc.unique(pa.chunked_array([chunk for text in texts for chunk in text.chunks], pa.string())).to_pylist()
        known.sort(key=int if all(name.isdecimal() and name.isascii() for name in known) else None)
        found = [pc.index_in(text, pa.array(known, pa.string())).to_numpy().astype(np.int64) for text in texts]
        return found, known


def read_text_table(
    path: Path, needed: Sequence[str], *, delimiter: str, names: Sequence[str] | None = None, encoding: str = "utf-8"
) -> TextTable:
    """Read a table.

    Args:
        path: the file.
        needed: columns that must be there.
        delimiter: between columns.
        names: of the columns; None where the first line has them.
        encoding: of the file.

    Raises:
        DataError: naming file and line, if a column is missing or a row has more or fewer values than columns.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.csv").write_text("user,item\\nann,1\\n\\nbob,x\\n")
        ...     table = read_text_table(Path(folder, "a.csv"), ["item"], delimiter=",")
        ...     table.words("user"), table.where(1).split("/")[-1]
        (['ann', 'bob'], 'a.csv:4')
    """
    from pyarrow import ArrowInvalid, csv, string

    broken: list[Any] = []
    header = names is None

    def note(row: Any) -> str:
        broken.append(row)
        return "error"

    with reading(path, "table"):
        how = csv.ReadOptions(column_names=names, encoding=encoding, use_threads=False)
        quote = '"' if delimiter == "," else False
        rows = csv.ParseOptions(delimiter=delimiter, quote_char=quote, invalid_row_handler=note)
        try:
            if names is None:
                with csv.open_csv(path, how, rows) as begins:
                    names = begins.schema.names
            text = csv.ConvertOptions(column_types=dict.fromkeys(names, string()), strings_can_be_null=False)
            table = csv.read_csv(path, how, rows, text)
        except ArrowInvalid as error:
            if "Empty CSV" in str(error):
                raise DataError(f"{path}: holds no rows") from None
            if not broken:
                raise
            row, empty = broken[0], TextTable(path, {}, False, encoding)
            counted = f"expected {row.expected_columns} values, got {row.actual_columns}"
            raise DataError(f"{empty.where(row.number - 1)}: {counted}: {shortened(row.text)!r}") from None
        columns = {name.strip(): table.column(place) for place, name in enumerate(table.column_names)}
        for name in needed:
            if name not in columns:
                has = shortened(", ".join(columns))
                raise DataError(f"{path}:1: column {name!r} is missing; expected {', '.join(needed)}, got {has}")
        if not table.num_rows:
            raise DataError(f"{path}: holds no rows")
    return TextTable(path, columns, header, encoding)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")
