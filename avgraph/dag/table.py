"""A table of numbers from a file, for `avgraph discover`.

==============  ====================================================================
``table.csv``   a header of column names, then one row of numbers per line
``table.npy``   a matrix [n, p]; columns are named x0, x1, …
``table.npz``   arrays ``x`` [n, p] and, if there, ``names`` [p]; or a single matrix
``.parquet``    one numeric column per variable
==============  ====================================================================
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from avgraph.dag.columns import check_names
from avgraph.errors import DataError, shortened
from avgraph.io.npy import read_npy
from avgraph.io.npz import npz_names, read_npz
from avgraph.io.parquet import check_parquet
from avgraph.io.reading import reading
from avgraph.suggestions import first_few


@dataclass(frozen=True, eq=False)
class Table:
    """A matrix with named columns.

    Shapes:
        x [n, p]; names p strings.
    """

    x: Float[np.ndarray, "n p"]
    names: tuple[str, ...]


def read_table(path: str | Path) -> Table:
    """Read the table in ``path``; its suffix tells the format. Nothing is ever unpickled.

    Raises:
        DataError: if the file is missing, of another format or unreadable, a value is missing or no number, or two
            columns have one name; the message names the file and, where it can, row (first row of data: 0) and column.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "t.csv").write_text("rain,wet\\n1,2\\n3,4.5\\n")
        ...     table = read_table(f"{folder}/t.csv")
        >>> table.names, table.x.tolist()
        (('rain', 'wet'), [[1.0, 2.0], [3.0, 4.5]])
    """
    path = Path(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"{path}: expected a table in {', '.join(_READERS)}, got {path.suffix or 'no suffix'!r}")
    with reading(path, path.suffix):
        x, names = reader(path)
        table = Table(x, check_names(names, x.shape[1]))
    wrong = np.argwhere(~np.isfinite(x))
    if len(wrong):
        row, column = (int(k) for k in wrong[0])
        raise DataError(f"{path}: row {row}, column {shortened(table.names[column])!r} is {x[row, column]}")
    return table


def _read_csv(path: Path) -> tuple[Any, list[str] | None]:
    # "utf-8-sig": editors on Windows begin a file with a mark that is not part of the first name.
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        names = [name.strip() for name in next(lines, [])]
        if not names:
            raise DataError(f"{path}: empty; expected a header of column names")
        if "" in names:
            raise DataError(
                f"{path}: column {names.index('')} has no name; an index column (pandas: index=False) is no variable"
            )
        if all(_is_number(name) for name in names):
            raise DataError(f"{path}: the first line holds numbers; expected a header of column names")
        rows: list[list[float]] = []
        for fields in lines:
            if not fields:
                continue  # a blank line, as at the end of a file
            if len(fields) != len(names):
                raise DataError(
                    f"{path}: row {len(rows)} (line {lines.line_num}) has {len(fields)} values, "
                    f"the header has {len(names)}"
                )
            try:
                rows.append([float(field) for field in fields])
            except ValueError:
                k = next(k for k, field in enumerate(fields) if not _is_number(field))
                got = repr(shortened(fields[k])) if fields[k].strip() else "empty"
                raise DataError(
                    f"{path}: row {len(rows)} (line {lines.line_num}), column {shortened(names[k])!r}: "
                    f"expected a number, got {got}"
                ) from None
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(names)), names


def _read_npy(path: Path) -> tuple[Any, list[str] | None]:
    return _matrix(read_npy(path)), None


def _read_npz(path: Path) -> tuple[Any, list[str] | None]:
    known = npz_names(path)
    keys = [key for key in known if key != "names"]
    key = "x" if "x" in keys else keys[0] if len(keys) == 1 else None
    if key is None:
        listed = first_few(sorted(known)) or "none"
        raise DataError(f"{path}: expected an array 'x' (and 'names'), got {listed}")
    bundle = read_npz(path, [key, "names"] if "names" in known else [key])
    names = [str(name) for name in bundle["names"].reshape(-1)] if "names" in known else None
    return _matrix(bundle[key]), names


def _read_parquet(path: Path) -> tuple[Any, list[str] | None]:
    import pyarrow.parquet as pq

    # Opening by handle: a name alone would be taken for a partitioned data set with its folders as columns.
    with path.open("rb") as handle:
        file = pq.ParquetFile(handle)
        check_parquet(path, file)
        table = file.read()
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy())[0])
            raise DataError(f"{path}: row {row}, column {name!r} is missing (null)")
        values = column.to_numpy()
        if values.dtype.kind not in "fiub":
            raise DataError(f"{path}: column {name!r}: expected numbers, got {column.type}")
        columns.append(values.astype(np.float64))
    if not columns:
        raise DataError(f"{path}: no columns")
    return np.stack(columns, axis=1), list(table.column_names)


def _matrix(array: Any) -> Any:
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise DataError(f"expected a matrix of numbers [rows, columns], got {array.dtype} {list(array.shape)}")
    return array.astype(np.float64)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


_READERS: dict[str, Callable[[Path], tuple[Any, list[str] | None]]] = {
    ".csv": _read_csv,
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".parquet": _read_parquet,
}
