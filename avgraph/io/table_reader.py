"""Tables of text in files: ``.csv``, ``.tsv`` and their like, checked line by line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avgraph.errors import DataError, shortened
from avgraph.io.csv_header import csv_columns, delimiter_of, not_utf8, quoted
from avgraph.io.reading import reading
from avgraph.io.text_table import TextTable


def read_text_table(
    path: Path,
    needed: Sequence[str] = (),
    *,
    delimiter: str | None = None,
    names: Sequence[str] | None = None,
    encoding: str = "utf-8-sig",
    others: bool = True,
) -> TextTable:
    """Read a table.

    Args:
        path: the file.
        needed: columns that must be there.
        delimiter: between columns; None for tabs in a ``.tsv`` and commas elsewhere.
        names: of the columns; None where the first line has them.
        encoding: of the file.
        others: whether to keep other columns than those that are needed.

    Raises:
        DataError: naming file and line, if a column is missing or a row has more or fewer values than columns.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.csv").write_text("user,item\\nann,1\\n\\nbob,x\\n")
        ...     table = read_text_table(Path(folder, "a.csv"), ["item"])
        ...     table.words("user"), table.where(1).split("/")[-1]
        (['ann', 'bob'], 'a.csv:4')
    """
    from pyarrow import ArrowInvalid, string
    from pyarrow import csv as files

    delimiter = delimiter_of(path) if delimiter is None else delimiter
    header = names is None
    broken: list[Any] = []

    def note(row: Any) -> str:
        broken.append(row)
        return "error"

    with reading(path, "table"):
        try:
            names = csv_columns(path, delimiter) if names is None else names
        except ValueError as error:
            raise DataError(str(error)) from None
        for name in needed:
            if name not in names:
                has = shortened(", ".join(names))
                raise DataError(f"{path}:1: column {name!r} is missing; expected {', '.join(needed)}, got {has}")
        kept = list(names) if others else list(needed)
        how = files.ReadOptions(column_names=names, skip_rows=int(header), use_threads=False, encoding=_arrow(encoding))
        text = files.ConvertOptions(
            column_types=dict.fromkeys(names, string()), include_columns=kept, strings_can_be_null=False
        )
        rows = files.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if quoted(delimiter) else False,
            newlines_in_values=quoted(delimiter),
            invalid_row_handler=note,
        )
        try:
            table = files.read_csv(path, how, rows, text)
        except (ArrowInvalid, UnicodeDecodeError) as error:
            if any(told in str(error) for told in ("Empty CSV", "Could not skip")):
                raise DataError(f"{path}: holds no rows") from None
            if isinstance(error, UnicodeDecodeError) or "UTF8" in str(error):
                raise DataError(not_utf8(path)) from None
            if not broken:
                raise
            row, whole = broken[0], TextTable(path, {}, False, encoding, delimiter)
            counted = f"expected {row.expected_columns} values, got {row.actual_columns}"
            raise DataError(f"{whole.where(row.number - 1)}: {counted}: {shortened(row.text)!r}") from None
        found = TextTable(path, dict(zip(kept, table.columns, strict=True)), header, encoding, delimiter)
        if not table.num_rows:
            raise DataError(f"{path}: holds no rows")
        last = "".join(column[-1].as_py() for column in table.columns)
        if quoted(delimiter) and "\n" in last and path.read_bytes().count(b'"') % 2:  # it took the rest of the file
            raise DataError(f"{found.where(table.num_rows - 1)}: a quotation mark that is not closed")
    return found


def _arrow(encoding: str) -> str:
    return "utf8" if encoding == "utf-8-sig" else encoding  # which leaves a mark at the beginning out by itself
