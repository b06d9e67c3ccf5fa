"""Names of files that a graph is in, or can be written to; no torch, so that a wrong name is told at once."""

from __future__ import annotations

from pathlib import Path

from avgraph.errors import DataError

SUFFIXES = (".graphml", ".gexf", ".json", ".parquet")
READABLE = (".graphml", ".json")


def checked_output(path: str | Path) -> Path:
    """The path, if `avgraph.export.export_graph` can write it: to be asked before long work, not after.

    Raises:
        DataError: for another suffix or a missing folder.

    Example:
        >>> checked_output("graph.json").name
        'graph.json'
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES or not path.absolute().parent.is_dir():
        raise DataError(f"{path}: expected a file in a folder that exists, ending in {', '.join(SUFFIXES)}")
    return path
