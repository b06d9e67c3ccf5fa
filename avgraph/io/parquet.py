"""A column of a ``.parquet`` file as an array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from avgraph.errors import DataError, shortened
from avgraph.io.named_columns import NamedColumns
from avgraph.io.npy import Array
from avgraph.io.reading import check_expansion, reading
from avgraph.io.references import known_name

_LEAST_BYTES = 8  # that a value is reckoned to take; equal values take almost none in the file


def check_parquet(path: Path, file: Any) -> None:
    """Refuse a file whose few bytes claim very many values.

    Raises:
        DataError: see `avgraph.io.reading.check_expansion`.
    """
    metadata = file.metadata
    values = metadata.num_rows * max(metadata.num_columns, 1)
    if metadata.num_rows < 0 or not all(
        metadata.row_group(i).num_rows >= 0 and metadata.row_group(i).total_byte_size >= 0
        for i in range(metadata.num_row_groups)
    ):
        raise DataError("a negative number of rows or bytes")
    claimed = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    check_expansion("the table", path.stat().st_size, max(claimed, values * _LEAST_BYTES))


def parquet_array(path: Path, key: str | None) -> Array:
    """The column ``key``. To be called within `avgraph.io.reading.reading`.

    Raises:
        DataError: if there is no such column, a value is missing, or lists differ in length.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    # Opening by handle: a name alone would be taken for a partitioned data set with its folders as columns.
    with path.open("rb") as handle:
        file = pq.ParquetFile(handle)
        name = known_name(key, file.schema_arrow.names)
        check_parquet(path, file)
        table = file.read(columns=[name])
    if table.num_columns != 1:
        raise DataError(f"expected one column {name!r}, got {table.num_columns}")
    column = table.column(0)
    shape = [len(column)]
    is_list = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    while any(is_kind(column.type) for is_kind in is_list):
        _refuse_null(name, column)
        lengths = pc.list_value_length(column).to_numpy()
        if len(lengths) and (wrong := np.flatnonzero(lengths != lengths[0])).size:
            row = int(wrong[0])
            raise DataError(f"column {name!r}: row {row} has {lengths[row]} values, row 0 has {lengths[0]}")
        shape.append(int(lengths[0]) if len(lengths) else 0)
        column = pc.list_flatten(column)
    _refuse_null(name, column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.array(column.to_pylist(), dtype=str).reshape(shape)
    array: Array = column.to_numpy()
    if array.dtype == object:
        got = shortened(str(column.type))
        raise DataError(f"column {name!r}: expected numbers, strings or lists of them, got {got}")
    return array.reshape(shape)


def _refuse_null(name: str, column: Any) -> None:
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise DataError(f"column {name!r}: value {row} is missing (null)")


class ParquetTable(NamedColumns):
    """The columns of a ``.parquet`` file by name.

    Args:
        path: the file.

    Raises:
        DataError: if it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self.path = path
        with reading(path, ".parquet"):
            self._names = [str(name) for name in pq.read_schema(path).names]

    def names(self) -> list[str]:
        """Of all columns."""
        return self._names

    def values(self, name: str) -> Array:
        """A column.

        Raises:
            DataError: as `parquet_array`.
        """
        with reading(self.path, ".parquet"):
            return parquet_array(self.path, name)
