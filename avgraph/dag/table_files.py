"""The readers behind `avgraph.dag.read_table`, one per kind of file: each gives numbers, names and what it left out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from avgraph.dag.columns import Selection
from avgraph.errors import DataError, first_few, shortened
from avgraph.io.npy import read_npy
from avgraph.io.npz import npz_names, read_npz
from avgraph.io.parquet import check_parquet

# Numbers [n, p], names of the columns if the file has any, and a few words on each column that was left out.
Read: TypeAlias = tuple[Any, list[str] | None, list[str]]

_FLAGS = {"false": 0.0, "true": 1.0}


def _read_csv(path: Path, selection: Selection) -> Read:
    # "utf-8-sig": editors on Windows begin a file with a mark that is not part of the first name.
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file)
        names = [name.strip() for name in next(lines, [])]
        if not names:
            raise DataError(f"{path}: empty; expected a header of column names")
        chosen = selection.pick(names)
        if nameless := [k for k in chosen if not names[k]]:
            raise DataError(
                f"{path}: column {nameless[0]} has no name; an index column (pandas: index=False) is no variable"
            )
        if all(is_number(name) for name in names):
            raise DataError(f"{path}: the first line holds numbers; expected a header of column names")
        rows: list[list[float]] = []
        texts: dict[int, tuple[int, str]] = {}  # columns whose first value is no number: its line, and that value
        flags: set[int] = set()  # columns whose first value is true or false

        def expected_number(row: int, line: int, column: int, got: str) -> DataError:
            value = repr(shortened(got)) if got.strip() else "empty"
            where = f"{path}: row {row} (line {line}), column {shortened(names[column])!r}"
            return DataError(f"{where}: expected {'true or false' if column in flags else 'a number'}, got {value}")

        for fields in lines:
            if not fields:
                continue  # a blank line, as at the end of a file
            if len(fields) != len(names):
                raise DataError(
                    f"{path}: row {len(rows)} (line {lines.line_num}) has {len(fields)} values, "
                    f"the header has {len(names)}"
                )
            if not rows:
                texts = {k: (lines.line_num, fields[k]) for k in chosen if _is_text(fields[k])}
                if asked := [k for k in texts if selection.names_it(names[k])]:
                    raise expected_number(0, lines.line_num, asked[0], fields[asked[0]])
                chosen = [k for k in chosen if k not in texts]
                flags = {k for k in chosen if _is_flag(fields[k])}
            for k, (line, first) in texts.items():
                if is_number(fields[k]):  # a column of numbers after all, and its first value is the one that is wrong
                    raise expected_number(0, line, k, first)
            try:
                rows.append([_FLAGS[fields[k].strip().lower()] if k in flags else float(fields[k]) for k in chosen])
            except (KeyError, ValueError):
                k = next(k for k in chosen if not (_is_flag if k in flags else is_number)(fields[k]))
                raise expected_number(len(rows), lines.line_num, k, fields[k]) from None
    left_out = [f"{names[k]!r} (text, such as {first[:40]!r})" for k, (_, first) in texts.items()]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(chosen)), [names[k] for k in chosen], left_out


def _read_npy(path: Path, selection: Selection) -> Read:
    return _matrix(read_npy(path), None, selection)


def _read_npz(path: Path, selection: Selection) -> Read:
    known = npz_names(path)
    keys = [key for key in known if key != "names"]
    key = "x" if "x" in keys else keys[0] if len(keys) == 1 else None
    if key is None:
        listed = first_few(sorted(known)) or "none"
        raise DataError(f"{path}: expected an array 'x' (and 'names'), got {listed}")
    bundle = read_npz(path, [key, "names"] if "names" in known else [key])
    names = [str(name) for name in bundle["names"].reshape(-1)] if "names" in known else None
    return _matrix(bundle[key], names, selection)


def _matrix(array: Any, names: list[str] | None, selection: Selection) -> Read:
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise DataError(f"expected a matrix of numbers [rows, columns], got {array.dtype} {list(array.shape)}")
    if names is not None and len(names) != array.shape[1]:
        raise DataError(f"names: expected {array.shape[1]}, one per column, got {len(names)}")
    labels = [f"x{k}" for k in range(array.shape[1])] if names is None else names
    chosen = selection.pick(labels)
    return array[:, chosen].astype(np.float64), [labels[k] for k in chosen], []


def _read_parquet(path: Path, selection: Selection) -> Read:
    parts, left_out = numeric_columns(path, selection)
    if not parts:
        return np.empty((0, 0)), [], left_out
    return np.stack([values for _, values in parts], axis=1), [name for name, _ in parts], left_out


def is_number(field: str) -> bool:
    """Whether a field of a csv is read as a number, NaN and the infinities included.

    Example:
        >>> is_number(" 1e3"), is_number("1,5"), is_number("")
        (True, False, False)
    """
    try:
        float(field)
    except ValueError:
        return False
    return True


def _is_text(field: str) -> bool:
    """Whether a field is words: no number, not true or false, and none of the signs for a missing one."""
    if is_number(field) or _is_flag(field):
        return False
    return field.strip().lower() not in ("", "na", "n/a", "null", "none", "?", "-", ".")


def _is_flag(field: str) -> bool:
    return field.strip().lower() in _FLAGS


READERS: dict[str, Callable[[Path, Selection], Read]] = {
    ".csv": _read_csv,
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".parquet": _read_parquet,
}


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
