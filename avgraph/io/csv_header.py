"""The first line of a ``.csv`` or ``.tsv`` file, and which of its columns a reference names. Imports no numpy."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from avgraph.errors import did_you_mean, first_few, shortened

TAB = "\t"
_OTHERS = {";": "semicolons", TAB: "tabs", "|": "bars"}


def delimiter_of(path: Path) -> str:
    """What stands between columns: tabs in a ``.tsv``, commas elsewhere."""
    return TAB if path.suffix.lower() == ".tsv" else ","


def quoted(delimiter: str) -> bool:
    """Whether a value may stand between quotation marks: between commas only."""
    return delimiter == ","


def rows_of(file: Any, delimiter: str) -> Any:
    """A reader of the rows of an open file, whose ``line_num`` says how many lines it has read."""
    return csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted(delimiter) else csv.QUOTE_NONE)


def not_utf8(path: Path) -> str:
    """Where a file that is no UTF-8 is none."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return f"not UTF-8 on line {number}; save it as UTF-8"
    return "not UTF-8; save it as UTF-8"


def csv_columns(path: Path, delimiter: str | None = None) -> list[str]:
    """The names of the columns, of the first line.

    Raises:
        ValueError: if there is none, a name is empty or there twice, or the columns stand between other signs.
    """
    delimiter = delimiter_of(path) if delimiter is None else delimiter
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            names = [name.strip() for name in next(rows_of(file, delimiter), [])]
        except csv.Error as error:
            raise ValueError(f"its first line names no columns: {error}") from None
        except UnicodeDecodeError:
            raise ValueError(not_utf8(path)) from None
    if not names:
        raise ValueError("it is empty; expected a first line that names the columns")
    for sign, called in _OTHERS.items():
        if len(names) == 1 and sign in names[0]:
            expected = "tabs" if delimiter == "\t" else "commas"
            raise ValueError(
                f"its first line, {shortened(names[0])!r}, has {called}; expected {expected} between columns"
            )
    for number, name in enumerate(names):
        if not name or name in names[:number]:
            raise ValueError(f"column {number} has {'the name ' + repr(name) + ' of another' if name else 'no name'}")
    return names


def chosen_columns(key: str | None, names: Sequence[str]) -> tuple[list[str], bool]:
    """The columns that a key names, by names and patterns between commas, and whether it names just one.

    Raises:
        ValueError: if it names one that is not there.

    Example:
        >>> chosen_columns("f*", ["name", "f0", "f1"]), chosen_columns("name", ["name", "f0"])
        ((['f0', 'f1'], False), (['name'], True))
    """
    if key is None:
        return list(names), False
    if key in names:
        return [key], True
    found: list[str] = []
    for part in map(str.strip, key.split(",")):
        fits = [name for name in names if fnmatchcase(name, part)]
        if not fits:
            near = did_you_mean(part, names)
            raise ValueError(
                f"no column {shortened(part)!r}; {near}{' ' if near else ''}it has: {first_few(names, 20)}"
            )
        found += [name for name in fits if name not in found]
    return found, False
