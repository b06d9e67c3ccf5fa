"""The readers behind `avgraph.dag.read_table`, one per kind of file: each gives numbers, names and what it left out."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from avgraph.dag.columns import Selection
from avgraph.errors import DataError, first_few, shortened
from avgraph.io.npy import read_npy
from avgraph.io.npz import npz_names, read_npz

# Numbers [n, p], names of the columns if the file has any, and a few words on each column that was left out.
Read: TypeAlias = tuple[Any, list[str] | None, list[str]]


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

        def expected_number(row: int, line: int, column: int, got: str) -> DataError:
            value = repr(shortened(got)) if got.strip() else "empty"
            where = f"{path}: row {row} (line {line}), column {shortened(names[column])!r}"
            return DataError(f"{where}: expected a number, got {value}")

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
            for k, (line, first) in texts.items():
                if is_number(fields[k]):  # a column of numbers after all, and its first value is the one that is wrong
                    raise expected_number(0, line, k, first)
            try:
                rows.append([float(fields[k]) for k in chosen])
            except ValueError:
                k = next(k for k in chosen if not is_number(fields[k]))
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
    from avgraph.dag.parquet_columns import numeric_columns

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
    """Whether a field is words: neither a number nor one of the signs for a missing one."""
    return not is_number(field) and field.strip().lower() not in ("", "na", "n/a", "null", "none", "?", "-", ".")


READERS: dict[str, Callable[[Path, Selection], Read]] = {
    ".csv": _read_csv,
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".parquet": _read_parquet,
}
