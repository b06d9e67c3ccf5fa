"""Columns of a ``.csv`` file as an array: one as [n], several, or all of them, as numbers [n, d]."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from avgraph.errors import DataError
from avgraph.io.csv_header import chosen_columns, csv_columns
from avgraph.io.npy import Array
from avgraph.io.table_reader import read_text_table


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
    try:
        wanted, alone = chosen_columns(key, csv_columns(path))
    except ValueError as error:
        raise DataError(str(error)) from None
    table = read_text_table(path, wanted, others=False)
    return table.values(wanted[0]) if alone else np.stack([table.floats(name) for name in wanted], 1)
