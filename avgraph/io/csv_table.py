"""Columns of a ``.csv`` file as an array: one as [n], several, or all of them, as numbers [n, d]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from avgraph.errors import DataError, shortened
from avgraph.io.csv_header import chosen_columns, csv_columns
from avgraph.io.npy import Array


def csv_array(path: Path, key: str | None) -> Array:
    """The columns ``key``; all where it is None. To be called within `avgraph.io.reading.reading`.

    One column holds whole numbers, numbers, true and false, or else words; several hold numbers.

    Raises:
        DataError: if a column is not there, or one of several holds something that is no number.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "t.csv")
        ...     _ = path.write_text("name,f0,f1\\na,1,2\\nb,3,4.5\\n")
        ...     csv_array(path, "f*").tolist(), csv_array(path, "name").tolist(), csv_array(path, "f0").tolist()
        ([[1.0, 2.0], [3.0, 4.5]], ['a', 'b'], [1, 3])
    """
    from pyarrow import csv as table_files
    from pyarrow import string

    try:
        names = csv_columns(path)
        wanted, alone = chosen_columns(key, names)
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8: {error.reason}") from None
    except ValueError as error:
        raise DataError(str(error)) from None
    lines = table_files.ReadOptions(column_names=names, skip_rows=1, use_threads=False)
    texts = table_files.ConvertOptions(
        column_types=dict.fromkeys(names, string()), include_columns=wanted, strings_can_be_null=False
    )
    table = table_files.read_csv(path, lines, table_files.ParseOptions(newlines_in_values=True), texts)
    columns = [_values(table.column(place)) for place in range(len(wanted))]
    if alone:
        return columns[0]
    for name, values in zip(wanted, columns, strict=True):
        if values.dtype.kind not in "fiu":
            row = next(row for row, word in enumerate(table.column(name).to_pylist()) if not _is_number(word))
            got = shortened(table.column(name)[row].as_py())
            raise DataError(f"row {row} (line {row + 2}), column {name!r}: expected a number, got {got!r}")
    return np.stack(columns, 1).astype(np.float64)


def _values(column: Any) -> Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(column)
    for kind in (pa.int64(), pa.float64()):
        try:
            found: Array = text.cast(kind).to_numpy()
            return found
        except pa.ArrowInvalid:
            continue
    words = text.to_pylist()
    if {word.lower() for word in words} <= {"true", "false"}:
        return np.array([word.lower() == "true" for word in words])
    return np.array(words, dtype=str)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
