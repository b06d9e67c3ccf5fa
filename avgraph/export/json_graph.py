"""Node-link JSON, as networkx.node_link_graph and d3 read it.

The JSON is strict: NaN and the infinities are the strings "NaN", "Infinity" and "-Infinity".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.export.array_text import row_texts
from avgraph.export.codec import dump_json
from avgraph.export.column import Column
from avgraph.export.flatten import to_tables
from avgraph.export.records import Records, from_records
from avgraph.export.tables import SCHEMA, GraphTables
from avgraph.export.target import text_target
from avgraph.io.reading import reading


def write_json(data: HeteroData, path: str | Path, *, vectors: bool = True) -> None:
    """Write node-link JSON with the nodes, edges and attributes of `to_networkx`, a node or edge per line.

    Args:
        data: any HeteroData.
        path: the file; one that exists is replaced, and only by a whole one.
        vectors: False leaves vectors out, for viewers.

    Raises:
        DataError: if an attribute cannot be stored, or the folder does not exist.

    Example:
        >>> import tempfile
        >>> data = HeteroData()
        >>> data["audio"].name = ["a.wav", "b.wav"]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_json(data, f"{folder}/g.json")
        ...     json.loads(Path(folder, "g.json").read_text())["nodes"][0]
        {'id': 'audio/0', 'node_type': 'audio', 'index': 0, 'label': 'a.wav', 'name': 'a.wav'}
    """
    tables = to_tables(data, vectors=vectors)
    with text_target(path) as file:
        _write(tables, file)


def _write(tables: GraphTables, file: TextIO) -> None:
    graph = {SCHEMA: dump_json(tables.schema())}
    for value in tables.values:
        number = row_texts(np.array([value.value]), quote=True)[0] if value.type == "float" else None
        graph[value.key] = number or dump_json(value.value)
    file.write(f'{{"directed": true, "multigraph": true,\n"graph": {_object(graph.items())},\n"nodes": [')
    start = "\n"
    for table in tables.nodes:
        columns = [(column.key, column.json_texts()) for column in table.columns]
        for i, (key, label) in enumerate(zip(table.ids(), table.labels(), strict=True)):
            fixed = {"id": dump_json(key), "node_type": dump_json(table.type), "index": str(i)}
            if label is not None:
                fixed["label"] = dump_json(label)
            row = [(name, next(texts)) for name, texts in columns]
            file.write(start + _object([*fixed.items(), *row]))
            start = ",\n"
    file.write('],\n"edges": [')
    start, number_of_edges = "\n", 0
    for edges in tables.edges:
        columns = [(column.key, column.json_texts()) for column in _with_weight(edges.columns, edges.weight())]
        for i, (source, target) in enumerate(zip(*edges.ends(), strict=True)):
            fixed = {
                "source": dump_json(f"{edges.type[0]}/{source}"),
                "target": dump_json(f"{edges.type[2]}/{target}"),
                "key": f'"e{number_of_edges}"',
                "relation": dump_json(edges.type[1]),
                "index": str(i),
            }
            row = [(name, next(texts)) for name, texts in columns]
            file.write(start + _object([*fixed.items(), *row]))
            start, number_of_edges = ",\n", number_of_edges + 1
    file.write("]}\n")


def _with_weight(columns: tuple[Column, ...], weight: Column | None) -> tuple[Column, ...]:
    if weight is None:
        return columns
    copy = Column("weight", "weight", weight.container, weight.dtype, weight.shape, weight.values)
    return (*columns, copy)


def _object(items: Iterable[tuple[str, str | None]]) -> str:
    return "{" + ", ".join([f"{dump_json(key)}: {text}" for key, text in items if text is not None]) + "}"


def read_json(path: str | Path) -> HeteroData:
    """Read node-link JSON: a file that `write_json` wrote gives back the HeteroData it was, bit for bit.

    A file of another program (networkx.node_link_data) is read by the rules of `avgraph.export.records`.

    Raises:
        DataError: if the file cannot be read or is not such a graph; names the file, and the line where
            known.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "g.json").write_text('{"nodes": [{"id": 7}], "edges": []}')
        ...     read_json(f"{folder}/g.json")["node"].name
        ['7']
    """
    with reading(path, ".json"):
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            return from_records(_records(content))
        except json.JSONDecodeError as error:
            raise DataError(f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}") from None
        except UnicodeDecodeError as error:
            raise DataError(f"not UTF-8 text: byte {error.start}") from None
        except RecursionError:
            raise DataError("lists or objects are nested too deeply") from None


def _records(content: Any) -> Records:
    if not isinstance(content, dict) or not isinstance(content.get("nodes"), list):
        raise DataError('expected node-link JSON: {"nodes": [...], "edges": [...]}')
    links = content.get("edges", content.get("links"))
    if not isinstance(links, list):
        raise DataError('expected a list under "edges" (or "links")')
    nodes: list[tuple[Any, dict[str, Any], int]] = []
    for i, node in enumerate(content["nodes"]):
        if not isinstance(node, dict) or not isinstance(node.get("id"), (str, int, float)):
            raise DataError(f'nodes[{i}]: expected an object with an "id", a string or number')
        nodes.append((node["id"], {name: value for name, value in node.items() if name != "id"}, 0))
    edges: list[tuple[Any, Any, dict[str, Any], int]] = []
    for i, link in enumerate(links):
        if not isinstance(link, dict) or not {"source", "target"} <= link.keys():
            raise DataError(f'edges[{i}]: expected an object with "source" and "target"')
        ends = link["source"], link["target"]
        if any(isinstance(end, (list, dict)) for end in ends):
            raise DataError(f"edges[{i}]: expected the ids of two nodes, got {ends}")
        cells = {name: value for name, value in link.items() if name not in ("source", "target", "key")}
        edges.append((*ends, cells, 0))
        if not content.get("directed", False) and ends[0] != ends[1]:
            edges.append((*ends[::-1], cells, 0))
    values = content.get("graph", {})
    return Records(dict(values) if isinstance(values, (dict, list)) else {}, nodes, edges)
