"""One export function for every format, chosen by the suffix of the file name."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pyarrow.parquet as pq
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.export.codec import dump_json
from avgraph.export.flatten import to_tables
from avgraph.export.gexf import write_gexf
from avgraph.export.graphml import write_graphml
from avgraph.export.json_graph import write_json
from avgraph.export.parquet import edge_table, graph_text, is_table_file, write_parquet
from avgraph.export.tables import GraphTables
from avgraph.export.target import check_target
from avgraph.io.files import atomic_path
from avgraph.io.graph_path import SUFFIXES


def export_graph(data: HeteroData, path: str | Path, *, vectors: bool = True, overwrite: bool = False) -> Path:
    """Write a graph in the format that the suffix names: .graphml, .gexf, .json or .parquet.

    Parquet is a folder of tables (`avgraph.export.write_parquet`), or the one table of the edges where the graph has
    edges of one type and nodes with nothing but names. A file that exists is replaced; a folder only with
    ``overwrite``, and only one of such tables. Nothing is left behind when anything fails.

    Args:
        data: any HeteroData.
        path: where to write it.
        vectors: False leaves vectors out; GEXF never has them.
        overwrite: replace a folder of tables too.

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
        ".parquet": lambda: _write_parquet(data, path, vectors, overwrite),
    }
    if path.suffix.lower() not in writers:
        known = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        raise DataError(f"{path}: expected a name that ends in {known}")
    try:
        writers[path.suffix.lower()]()
    except OSError as error:
        raise DataError(f"{path}: cannot write it: {error.strerror or error}") from None
    return path


def _write_parquet(data: HeteroData, path: Path, vectors: bool, overwrite: bool) -> None:
    tables = to_tables(data, vectors=vectors)
    is_one = is_one_table(tables)
    in_the_way = path.is_dir() if is_one else path.exists()  # a file replaces a file in one step
    with _set_aside(path) if overwrite and in_the_way else nullcontext():
        if is_one:
            write_one_table(tables, path)
        else:
            write_parquet(data, path, vectors=vectors)


@contextmanager
def _set_aside(path: Path) -> Iterator[None]:
    """Move what is at ``path`` out of the way, and back if the block fails."""
    if path.is_dir() and not all(is_table_file(file) for file in path.iterdir()):
        raise DataError(f"{path}: a folder that holds other things than exported tables; it is not overwritten")
    place = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.stem}-"))
    os.rename(path, place / path.name)
    try:
        yield
    except BaseException:
        os.rename(place / path.name, path)
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)


NODES, GRAPH = b"avgraph_nodes", b"avgraph_graph"  # keys in the schema of the file


def is_one_table(tables: GraphTables) -> bool:
    """Whether there are edges of one type, and nodes that have a name at most.

    Example:
        >>> is_one_table(GraphTables((), (), (), ()))
        False
    """
    only_names = all(column.name == "name" for table in tables.nodes for column in table.columns)
    return len(tables.edges) == 1 and only_names


def write_one_table(tables: GraphTables, path: str | Path) -> None:
    """Write the table of the edges; the schema keeps the names of all nodes, and what graph.json would hold.

    The file has `source` and `target` (numbers of the nodes), `source_name`, `target_name`, `weight` and each
    attribute of the edges; its schema has the keys ``avgraph_nodes`` (names by node type) and ``avgraph_graph``.

    Raises:
        DataError: if the folder of ``path`` does not exist or ``path`` is a folder.
    """
    labels = {table.type: table.labels() for table in tables.nodes}
    table = edge_table(tables.edges[0], labels)
    kept = {**(table.schema.metadata or {}), NODES: dump_json(labels).encode(), GRAPH: graph_text(tables).encode()}
    with atomic_path(check_target(path)) as temporary:
        pq.write_table(table.replace_schema_metadata(kept), temporary)
