"""One export function for every format, chosen by the suffix of the file name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.export.gexf import write_gexf
from avgraph.export.graphml import write_graphml
from avgraph.export.json_graph import write_json
from avgraph.export.parquet import write_parquet
from avgraph.io.graph_path import SUFFIXES


def export_graph(data: HeteroData, path: str | Path, *, vectors: bool = True) -> Path:
    """Write a graph in the format that the suffix names: .graphml, .gexf, .json, or .parquet (a folder).

    A file that exists is replaced; a folder is not. Nothing is left behind when anything fails.

    Args:
        data: any HeteroData.
        path: where to write it.
        vectors: False leaves vectors out; GEXF never has them.

    Returns:
        The path.

    Raises:
        DataError: for another suffix, a missing folder, or an attribute that cannot be stored.

    Example:
        >>> export_graph(HeteroData(), "graph.dot")
        Traceback (most recent call last):
        avgraph.errors.DataError: graph.dot: expected a name that ends in .graphml, .gexf, .json or .parquet
    """
    path = Path(path)
    writers: dict[str, Callable[[], None]] = {
        ".graphml": lambda: write_graphml(data, path, vectors=vectors),
        ".gexf": lambda: write_gexf(data, path),
        ".json": lambda: write_json(data, path, vectors=vectors),
        ".parquet": lambda: write_parquet(data, path, vectors=vectors),
    }
    if path.suffix.lower() not in writers:
        known = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        raise DataError(f"{path}: expected a name that ends in {known}")
    try:
        writers[path.suffix.lower()]()
    except OSError as error:
        raise DataError(f"{path}: cannot write it: {error.strerror or error}") from None
    return path
