"""Parquet tables, one file per node type and per edge type, for data frames and databases."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.export.codec import dump_json
from avgraph.export.column import Column
from avgraph.export.flatten import to_tables
from avgraph.export.tables import SCHEMA, EdgeTable, GraphTables, NodeTable
from avgraph.io.files import naming, sync


def write_parquet(data: HeteroData, directory: str | Path, *, vectors: bool = True) -> None:
    """Write nodes-TYPE.parquet per node type and edges-SOURCE-RELATION-TARGET.parquet per edge type.

    Node tables have `index`, `label` (the name) and each attribute; edge tables have `source` and `target`
    (row numbers of the node tables), `source_name`, `target_name`, `weight` and each attribute. Vectors are
    fixed-size lists. Graph-level attributes are in graph.json. In file names, characters other than letters,
    digits, `_`, `.` and `~` in a type are percent-encoded.

    Args:
        data: any HeteroData.
        directory: a folder that does not exist yet; it appears only when it is complete.
        vectors: False leaves vectors out.

    Raises:
        DataError: if the folder exists, its parent does not, or an attribute cannot be stored.

    Example:
        >>> import tempfile
        >>> data = HeteroData()
        >>> data["audio"].name = ["a.wav", "b.wav"]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_parquet(data, f"{folder}/g.parquet")
        ...     pq.read_table(f"{folder}/g.parquet/nodes-audio.parquet").to_pydict()
        {'index': [0, 1], 'label': ['a.wav', 'b.wav'], 'name': ['a.wav', 'b.wav']}
    """
    directory = Path(directory)
    if not directory.parent.is_dir():
        raise DataError(f"{directory}: the folder {directory.parent} does not exist")
    if os.path.lexists(directory):
        raise DataError(f"{directory}: already exists; a folder of tables is never overwritten, choose another name")
    tables = to_tables(data, vectors=vectors)
    with naming(directory):
        whole = Path(tempfile.mkdtemp(dir=directory.parent, prefix=f".{directory.stem}-"))
        try:
            _write(tables, whole)
            mask = os.umask(0)
            os.umask(mask)
            whole.chmod(0o777 & ~mask)  # mkdtemp makes a private folder
            for file in whole.iterdir():
                sync(file)
            os.rename(whole, directory)
            sync(directory.parent)
        finally:
            shutil.rmtree(whole, ignore_errors=True)


def _write(tables: GraphTables, folder: Path) -> None:
    labels = {table.type: table.labels() for table in tables.nodes}
    for table in tables.nodes:
        arrays = {"index": pa.array(range(table.size), pa.int64()), "label": _strings(table.labels())}
        pq.write_table(_table(arrays, table), folder / f"nodes-{_file_name(table.type)}.parquet")
    for edges in tables.edges:
        name = "-".join(map(_file_name, edges.type))
        pq.write_table(edge_table(edges, labels), folder / f"edges-{name}.parquet")
    (folder / "graph.json").write_text(graph_text(tables) + "\n", encoding="utf-8")


def is_table_file(path: Path) -> bool:
    """Whether a file has a name that `write_parquet` gives.

    Example:
        >>> is_table_file(Path("nodes-audio.parquet")), is_table_file(Path("thesis.doc"))
        (True, False)
    """
    return path.name == "graph.json" or (path.name.startswith(("nodes-", "edges-")) and path.suffix == ".parquet")


def edge_table(edges: EdgeTable, labels: Mapping[str, list[str | None]]) -> pa.Table:
    """The edges of one type as a table of Arrow.

    Args:
        edges: what to write.
        labels: names of the nodes of every type.
    """
    source, target = edges.ends()
    source_type, _, target_type = edges.type
    arrays = {
        "source": pa.array(source, pa.int64()),
        "target": pa.array(target, pa.int64()),
        "source_name": _strings([labels[source_type][i] for i in source]),
        "target_name": _strings([labels[target_type][i] for i in target]),
    }
    if (weight := edges.weight()) is not None:
        arrays["weight"] = _array(weight)
    return _table(arrays, edges)


def graph_text(tables: GraphTables) -> str:
    """Graph-level attributes and the schema as JSON: what graph.json holds."""
    return dump_json({"values": {value.key: _finite(value.value) for value in tables.values}, SCHEMA: tables.schema()})


def _table(arrays: dict[str, Any], table: NodeTable | EdgeTable) -> pa.Table:
    arrays |= {_valid(column.key): _array(column) for column in table.columns}
    spec = dump_json({"type": table.type, "columns": [column.spec() for column in table.columns]})
    return pa.table(arrays).replace_schema_metadata({SCHEMA: spec})


def _array(column: Column) -> Any:
    if isinstance(column.values, list):
        return _strings(list(column.texts()))
    if 0 in column.shape:
        # Arrow cannot tell how many lists of no number there are: such a column holds nothing but its shape.
        return pa.nulls(len(column.values))
    array = pa.array(np.ascontiguousarray(column.values).reshape(-1))
    for width in reversed(column.shape):
        array = pa.FixedSizeListArray.from_arrays(array, width)
    return array


def _strings(texts: list[str | None]) -> Any:
    return pa.array([text if text is None else _valid(text) for text in texts], pa.string())


def _valid(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()  # lone surrogates have no place in UTF-8


def _finite(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def _file_name(type_: str) -> str:
    return quote(type_.encode("utf-8", "backslashreplace"), safe="").replace("-", "%2D")
