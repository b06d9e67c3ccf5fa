"""The columns of numbers of a Parquet file: lists of one length become a column per entry, ``x[0]``, …."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from avgraph.dag.columns import Selection
from avgraph.errors import DataError
from avgraph.io.parquet import check_parquet

_OURS = b"avgraph"  # the key in the schema of a table that `avgraph.export.write_parquet` wrote
_ROW_NUMBERS = ("index", "source", "target")  # columns of such a table that say which row, not how much


def numeric_columns(path: Path, selection: Selection) -> tuple[list[tuple[str, Any]], list[str]]:
    """Name and values [n] of every column to take, and a few words on each that was left out.

    Text, and the row numbers in a table that this package has exported, are left out unless asked for by name.

    Raises:
        DataError: if a value is missing, or a column that was asked for by name holds no numbers.
        UnknownColumnError: if the file lacks a column that was asked for.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Opening by handle: a name alone would be taken for a partitioned data set with its folders as columns.
    with path.open("rb") as handle:
        file = pq.ParquetFile(handle)
        check_parquet(path, file)
        table = file.read()
    ours = _OURS in (table.schema.metadata or {})
    parts: list[tuple[str, str, Any]] = []  # name, name of the column it is a part of, values
    for name, column in zip(table.column_names, table.columns, strict=True):
        parts += ((part, name, values) for part, values in _entries(name, column, pa))
    taken, left_out = [], []
    for k in selection.pick([name for name, *_ in parts], [whole for _, whole, _ in parts]):
        name, whole, column = parts[k]
        asked = selection.names_it(name, whole)
        if not asked and ours and name in _ROW_NUMBERS:
            left_out.append(f"{name!r} (row numbers)")
            continue
        if not _holds_numbers(column.type, pa):
            if asked:
                raise DataError(f"{path}: column {name!r}: expected numbers, got {column.type}")
            left_out.append(f"{name!r} ({column.type})")
            continue
        if column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy())[0])
            raise DataError(f"{path}: row {row}, column {name!r} is missing (null)")
        taken.append((name, column.to_numpy().astype(np.float64)))
    return taken, left_out


def _holds_numbers(kind: Any, pa: Any) -> bool:
    types = pa.types
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind))


def _entries(name: str, column: Any, pa: Any) -> Iterator[tuple[str, Any]]:
    """The column itself, or one column per entry of its lists, and so on for lists of lists."""
    kind = column.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not is_list or not len(column):
        yield name, column
        return
    import pyarrow.compute as pc

    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise DataError(f"row {row}, column {name!r} is missing (null)")
    lengths = pc.min_max(pc.list_value_length(column)).as_py()
    if lengths["min"] != lengths["max"]:
        told = f"lists of {lengths['min']} to {lengths['max']} values"
        raise DataError(f"column {name!r}: expected lists of one length, got {told}")
    flat = pa.chunked_array([chunk.flatten() for chunk in column.chunks])
    width = int(lengths["max"])
    for k in range(width):
        yield from _entries(f"{name}[{k}]", flat.take(pa.array(np.arange(k, len(flat), width))), pa)
