"""A graph that is all edges as one Parquet file, so that ``pandas.read_parquet`` opens it."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from avgraph.export.column import dump_json
from avgraph.export.parquet import edge_table, graph_text
from avgraph.export.tables import GraphTables
from avgraph.export.target import check_target
from avgraph.io.files import atomic_path

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
