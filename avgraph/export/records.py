"""Records (a dictionary per node and per edge, as a file or networkx has them) back to a HeteroData.

Records that avgraph wrote carry a schema and restore exactly; attributes added since, in another program, are
kept, their type inferred. Other records are grouped by `node_type` and `relation` where they have them, else
all nodes are of type "node" and all edges of relation "edge", and types are inferred: numbers present on
every node become tensors (int64, bool, or float32 as PyG does), the rest lists with None where a value is
missing. Without a `name`, a node's name is its `label`, else its id; `weight` becomes edge_weight. An
undirected edge becomes one edge in each direction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.export.array_text import TORCH_DTYPES
from avgraph.export.codec import decode_value
from avgraph.export.column import first_wrong, restore_column
from avgraph.export.inference import infer, name_nodes, weigh_edges
from avgraph.export.tables import EDGE_RESERVED, FORMAT, GRAPH_RESERVED, NODE_RESERVED, SCHEMA
from avgraph.graph.vocabulary import EdgeType

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Records:
    """A graph as a reader found it.

    Attributes:
        values: graph-level attributes.
        nodes: (id, attributes, line in the file or 0) of each node.
        edges: (source id, target id, attributes, line or 0) of each directed edge.
    """

    values: Record = field(default_factory=dict)
    nodes: Sequence[tuple[Any, Record, int]] = ()
    edges: Sequence[tuple[Any, Any, Record, int]] = ()


def from_records(records: Records) -> HeteroData:
    """Build the HeteroData.

    Raises:
        DataError: if the records contradict the schema or each other.

    Example:
        >>> nodes = [("a", {"y": 1}, 0), ("b", {"y": 2}, 0)]
        >>> from_records(Records(nodes=nodes, edges=[("a", "b", {}, 0)]))["node"].name
        ['a', 'b']
    """
    schema = _read_schema(records.values.get(SCHEMA))
    try:
        return _restore(records, schema)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"graph attribute {SCHEMA!r}: malformed schema ({error!r})") from None


def _restore(records: Records, schema: Mapping[str, Any]) -> HeteroData:
    specs: dict[str | EdgeType, Any] = {spec["type"]: spec for spec in schema["nodes"]}
    specs |= {_edge_type(spec["type"]): spec for spec in schema["edges"]}
    nodes: dict[str, list[tuple[Any, Record, int]]] = {str(spec["type"]): [] for spec in schema["nodes"]}
    for record in records.nodes:
        nodes.setdefault(str(record[1].get("node_type", "node")), []).append(record)
    positions: dict[Any, tuple[str, int]] = {}
    for type_, group in nodes.items():
        if type_ in specs:
            group.sort(key=_by_index)
        for i, (key, attributes, line) in enumerate(group):
            if key in positions:
                raise DataError(f"{_at(line)}node id {key!r} occurs twice")
            positions[key] = (type_, i)
            if type_ in specs and i and _by_index(group[i - 1]) == _by_index((key, attributes, line)):
                raise DataError(f"{_at(line)}two nodes of type {type_!r} have index {attributes.get('index')}")

    edges: dict[EdgeType, list[tuple[int, int, Record, int]]] = {
        type_: [] for type_ in specs if isinstance(type_, tuple)
    }
    for source, target, attributes, line in records.edges:
        for end in (source, target):
            if end not in positions:
                raise DataError(f"{_at(line)}edge {source!r} → {target!r}: there is no node {end!r}")
        (source_type, i), (target_type, j) = positions[source], positions[target]
        edge_type = (source_type, str(attributes.get("relation", "edge")), target_type)
        edges.setdefault(edge_type, []).append((i, j, attributes, line))

    data = HeteroData()
    contents: dict[str | EdgeType | None, dict[str, Any]] = {None: {}}
    for type_, group in nodes.items():
        cells = [(attributes, line) for _, attributes, line in group]
        contents[type_] = {"num_nodes": len(group)} | _columns(type_, specs.get(type_), cells)
        if type_ not in specs:
            name_nodes(contents[type_], [key for key, _, _ in group])
    for edge_type, links in edges.items():
        spec = specs.get(edge_type)
        if spec is not None:
            links.sort(key=_by_index)
        ends = [(i, j) for i, j, _, _ in links]
        dtype = TORCH_DTYPES[(spec and spec["edge_index"]) or "int64"]
        index = torch.tensor(ends, dtype=dtype).reshape(-1, 2).t().contiguous()
        cells = [(attributes, line) for _, _, attributes, line in links]
        contents[edge_type] = {"edge_index": index} | _columns(edge_type, spec, cells)
        if spec is None:
            weigh_edges(contents[edge_type])
    for spec in schema["values"]:
        store = spec["store"] if not isinstance(spec["store"], list) else _edge_type(spec["store"])
        if spec["key"] not in records.values:
            raise DataError(f"graph attribute {spec['key']!r} is missing")
        contents[store][spec["name"]] = _restore_value(spec, records.values[spec["key"]])

    known = {*GRAPH_RESERVED, *(spec["key"] for spec in schema["values"])}
    contents[None] |= {key: value for key, value in records.values.items() if key not in known}
    for type_key, content in contents.items():
        spec = schema if type_key is None else specs.get(type_key, {})
        order = spec.get("order", ("num_nodes", "edge_index"))
        if type_key is None:
            into = data.stores[0]
        elif isinstance(type_key, str):
            into = data.get_node_store(type_key)
        else:
            into = data.get_edge_store(*type_key)
        # num_nodes and edge_index come back only where the store had them; what a user added comes last.
        added = (name for name in content if name not in order and name not in ("num_nodes", "edge_index"))
        for name in (*order, *added):
            if name in content:
                into[name] = content[name]
    return data


def _read_schema(schema: Any) -> Mapping[str, Any]:
    if schema is None:
        return {"nodes": [], "edges": [], "values": []}
    try:
        schema = json.loads(schema) if isinstance(schema, str) else schema
        found = schema["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"graph attribute {SCHEMA!r}: malformed schema ({error!r})") from None
    if found != FORMAT:
        raise DataError(f"graph attribute {SCHEMA!r}: expected format {FORMAT}, got {found!r}")
    return dict(schema)


def _edge_type(names: Iterable[str]) -> EdgeType:
    source, relation, target = names
    return source, relation, target


def _by_index(record: Sequence[Any]) -> float:
    """Rank of a node or edge record; the sort is stable, so records without a numeric index keep their place."""
    try:
        return float(record[-2].get("index", 0))
    except (TypeError, ValueError):
        return 0.0


def _at(line: int) -> str:
    return f"line {line}: " if line else ""


def _columns(
    type_: str | EdgeType, spec: Mapping[str, Any] | None, cells: Sequence[tuple[Record, int]]
) -> dict[str, Any]:
    known: set[str] = {"node_type", "relation"}
    if spec is not None:
        known |= {*NODE_RESERVED, *EDGE_RESERVED, *(column["key"] for column in spec["columns"])}
    added = {name: None for attributes, _ in cells for name in attributes if name not in known}
    columns: dict[str, Any] = {}
    for column in spec["columns"] if spec is not None else ():
        values = [attributes.get(column["key"]) for attributes, _ in cells]
        where = f"{type_}, attribute {column['name']!r}"
        if column["dtype"] not in ("str", "json") and None in values:
            row = values.index(None)
            raise DataError(f"{_at(cells[row][1])}{where}: row {row} has no value")
        try:
            columns[column["name"]] = restore_column(column, values)
        except (ValueError, TypeError, OverflowError) as error:
            row, reason = first_wrong(column, values)
            expected = f"expected {column['dtype']} {column['shape']}"
            raise DataError(f"{_at(cells[row][1])}{where}: row {row}: {expected}: {reason or error}") from None
    return columns | {name: infer([attributes.get(name) for attributes, _ in cells]) for name in added}


def _restore_value(spec: Mapping[str, Any], value: Any) -> Any:
    try:
        if spec["type"] == "bool":
            return value if isinstance(value, bool) else str(value).strip().lower() in ("true", "1")
        if spec["type"] in ("int", "float", "str"):
            return {"int": int, "float": float, "str": str}[spec["type"]](value)
        return decode_value(json.loads(value) if isinstance(value, str) else value)
    except ValueError as error:
        raise DataError(f"graph attribute {spec['key']!r}: expected {spec['type']}: {error}") from None
