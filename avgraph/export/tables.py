"""A HeteroData as plain tables, one per node type and edge type: the form that every writer starts from.

Naming. Every format has one attribute namespace for nodes and one for edges, and reserves a few names that
users of graph programs expect: `node_type`, `index` and `label` on nodes (`label` is the name), `relation`,
`index` and `weight` on edges (`weight` is edge_weight, or else what was learned: the first of `WEIGHTS` there is). An
attribute of the data that has such a name gets a trailing underscore.

An attribute belongs to the nodes if it has one row per node; anything else on a store, and everything on the
HeteroData itself, is graph-level, stored as `TYPE.name`, `SOURCE/RELATION/TARGET.name` or plain `name`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from avgraph.export.array_text import Array
from avgraph.export.column import Column
from avgraph.graph.edges import WEIGHTS
from avgraph.graph.vocabulary import EdgeType

FORMAT = 1
NO_NUMBERS = ("str", "json", "bool")
SCHEMA = "avgraph"  # the graph-level attribute that says how to restore the HeteroData
NODE_RESERVED = ("node_type", "index", "label", "id")
EDGE_RESERVED = ("relation", "index", "weight", "id", "key", "source", "target", "source_name", "target_name")
GRAPH_RESERVED = (SCHEMA, "id", "directed", "multigraph", "node_default", "edge_default")


@dataclass(frozen=True)
class NodeTable:
    """Nodes of one type: how many, their columns, and whether the store said ``num_nodes`` itself."""

    type: str
    size: int
    columns: tuple[Column, ...]
    order: tuple[str, ...]

    def ids(self) -> list[str]:
        """The key of each node in an exported graph, e.g. "audio/12"."""
        return [f"{self.type}/{i}" for i in range(self.size)]

    def labels(self) -> list[str | None]:
        """What a graph program shows at each node: its name, else its text label, else None."""
        by_name = {column.name: column for column in self.columns if column.dtype == "str"}
        column = by_name.get("name") or by_name.get("label")
        return list(column.values) if column else [None] * self.size


@dataclass(frozen=True)
class EdgeTable:
    """Edges of one type: node indices ``index`` [2, e] (None if the store has no edge_index) and columns."""

    type: EdgeType
    index: Array | None
    dtype: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of edges."""
        return 0 if self.index is None else int(self.index.shape[1])

    def ends(self) -> tuple[list[int], list[int]]:
        """Indices of the source and of the target nodes."""
        return ([], []) if self.index is None else (self.index[0].tolist(), self.index[1].tolist())

    def weight(self) -> Column | None:
        """The column of scalar numbers that says how strong the edges are, the first of `WEIGHTS`, if there is one."""
        numbers = (column for column in self.columns if column.shape == () and column.dtype not in NO_NUMBERS)
        by_name = {column.name: column for column in numbers}
        return next((by_name[name] for name in WEIGHTS if name in by_name), None)


@dataclass(frozen=True)
class GraphValue:
    """One graph-level value: its store (None: the HeteroData), its name there, exported key and JSON data."""

    store: str | EdgeType | None
    name: str
    key: str
    type: str
    value: Any


@dataclass(frozen=True)
class GraphTables:
    """A whole HeteroData as tables."""

    nodes: tuple[NodeTable, ...]
    edges: tuple[EdgeTable, ...]
    values: tuple[GraphValue, ...]
    order: tuple[str, ...]

    def schema(self) -> dict[str, Any]:
        """What a reader needs, beside the cells, to restore the HeteroData; JSON data."""
        nodes = [
            {"type": table.type, "columns": [column.spec() for column in table.columns], "order": table.order}
            for table in self.nodes
        ]
        edges = [
            {
                "type": table.type,
                "edge_index": table.dtype if table.index is not None else None,
                "columns": [column.spec() for column in table.columns],
                "order": table.order,
            }
            for table in self.edges
        ]
        values = [{"store": v.store, "name": v.name, "key": v.key, "type": v.type} for v in self.values]
        return {"format": FORMAT, "order": self.order, "nodes": nodes, "edges": edges, "values": values}
