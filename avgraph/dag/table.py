"""A table of numbers from a file, for `avgraph discover`.

==============  ====================================================================
``table.csv``   a header of column names, then one row of values per line; true and false are 1 and 0
``table.npy``   a matrix [n, p]; columns are named x0, x1, …
``table.npz``   arrays ``x`` [n, p] and, if there, ``names`` [p]; or a single matrix
``.parquet``    one numeric column per variable; lists of equal length become one column per entry, ``x[0]``, …
==============  ====================================================================

Columns of text are left out, and `Table.left_out` says so; one that is asked for by name is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from avgraph.dag.columns import Selection, UnknownColumnError, check_names
from avgraph.dag.table_files import READERS
from avgraph.errors import DataError, shortened
from avgraph.io.reading import reading


@dataclass(frozen=True, eq=False)
class Table:
    """A matrix with named columns.

    Attributes:
        x: the numbers.
        names: of the columns.
        left_out: a few words on each column of the file that holds no numbers and was left out.
        path: the file it was read from.
        notes: what else was done to it.

    Shapes:
        x [n, p]; names p strings.
    """

    x: Float[np.ndarray, "n p"]
    names: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    path: Path | None = None
    notes: tuple[str, ...] = ()


def read_table(path: str | Path, columns: Sequence[str] = (), drop: Sequence[str] = ()) -> Table:
    """Read the table in ``path``; its suffix tells the format. Nothing is ever unpickled.

    Args:
        path: the file.
        columns: names or shell patterns of the columns to take; all if empty. They keep the order of the table.
        drop: names or patterns of columns to leave out of these.

    Raises:
        DataError: if the file is missing, of another format or unreadable, a value is missing or no number, or two
            columns have one name; the message names the file and, where it can, row (first row of data: 0) and column.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "t.csv").write_text("day,rain,wet\\nMon,1,2\\nTue,3,4.5\\n")
        ...     table = read_table(f"{folder}/t.csv")
        >>> table.names, table.x.tolist(), table.left_out
        (('rain', 'wet'), [[1.0, 2.0], [3.0, 4.5]], ("'day' (text, such as 'Mon')",))
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: expected a table in {', '.join(READERS)}, got {path.suffix or 'no suffix'!r}")
    if path.is_dir():
        raise DataError(f"{path}: is a folder; name one table in it, such as {path}/nodes-TYPE.parquet")
    with reading(path, path.suffix):
        try:
            x, names, left_out = reader(path, Selection(tuple(columns), tuple(drop)))
        except UnknownColumnError as error:
            unknown: UnknownColumnError | None = error
        else:
            unknown = None
            if not x.shape[1]:
                without = f"; left out: {', '.join(left_out)}" if left_out else ""
                raise DataError(f"no column of numbers{without}")
            # In one layout for every kind of file: sums round alike, and so the search finds the same graph.
            x = np.ascontiguousarray(x)
            table = Table(x, check_names(names, x.shape[1]), tuple(left_out), path)
    if unknown is not None:  # what is wrong is the option, not the file
        raise DataError(f"{unknown} ({path})")
    wrong = np.argwhere(~np.isfinite(x))
    if len(wrong):
        row, column = (int(k) for k in wrong[0])
        raise DataError(f"{path}: row {row}, column {shortened(table.names[column])!r} is {x[row, column]}")
    return table
