"""Names of files that a graph is in, or can be written to; no torch, so that a wrong name is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from avgraph.errors import DataError

SUFFIXES = (".graphml", ".gexf", ".json", ".parquet")
READABLE = (".graphml", ".json", ".pt")


def checked_output(path: str | Path) -> Path:
    """The path, if `avgraph.export.export_graph` can write it: to be asked before long work, not after.

    Raises:
        DataError: for another suffix or a missing folder.

    Example:
        >>> checked_output("graph.json").name
        'graph.json'
    """
    return writable(path, SUFFIXES, tables=True)


def writable(path: str | Path, suffixes: Sequence[str], *, tables: bool = False) -> Path:
    """The path, if a file that ends in one of these can be written there: to be asked before long work, not after.

    Args:
        path: the file.
        suffixes: what it may end in.
        tables: whether it may be a folder of tables already.

    Raises:
        DataError: for another suffix, a missing folder, or a folder in its place.

    Example:
        >>> writable("mask.jpg", [".png"])
        Traceback (most recent call last):
        avgraph.errors.DataError: mask.jpg: expected a file .png in a folder that exists
    """
    target = Path(path)
    is_free = tables or not target.is_dir()
    if target.suffix.lower() not in suffixes or not target.absolute().parent.is_dir() or not is_free:
        raise DataError(f"{path}: expected a file {', '.join(suffixes)} in a folder that exists")
    return target
