"""The first line of a ``.csv`` file, and which of its columns a reference names. Imports no numpy."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from avgraph.errors import did_you_mean, first_few, shortened


def csv_columns(path: Path) -> list[str]:
    """The names of the columns, of the first line.

    Raises:
        ValueError: if there is none, or a name is empty or there twice.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = [name.strip() for name in next(csv.reader(file), [])]
    if not names:
        raise ValueError("it is empty; expected a first line that names the columns")
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
