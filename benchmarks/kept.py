"""Numbers of a long table, kept in a folder as they come, so that a table that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.io.files import atomic_path
from avgraph.io.graph_file import load_graph, save_graph

Numbers = Mapping[str, Any]


class Kept:
    """A JSON file for every measurement, and a file for every graph, named by what they are of.

    A change of the settings makes another file; a change of the code does not: take another folder then.

    Args:
        folder: is made; none keeps nothing.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first = Kept(Path(folder)).numbers({"seed": 0}, lambda: {"mae": 0.5})
        ...     Kept(Path(folder)).numbers({"seed": 0}, lambda: 1 / 0) == first
        True
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def numbers(self, of: Numbers, measure: Callable[[], Numbers]) -> Numbers:
        """What was measured of this, now or before."""
        path = self._path(of, ".json")
        if path is None:
            return measure()
        if path.is_file():
            found: Numbers = json.loads(path.read_text(encoding="utf-8"))["found"]
            return found
        made = measure()
        with atomic_path(path) as temporary:
            temporary.write_text(json.dumps({"of": of, "found": made}, indent=2) + "\n", encoding="utf-8")
        return made

    def graph(self, of: Numbers, build: Callable[[], HeteroData]) -> HeteroData:
        """A graph that is dear to build."""
        path = self._path(of, ".pt")
        if path is None:
            return build()
        if not path.is_file():
            save_graph(build(), path)
        return load_graph(path)

    def _path(self, of: Numbers, suffix: str) -> Path | None:
        name = hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:16]
        return None if self.folder is None else self.folder / f"{name}{suffix}"
