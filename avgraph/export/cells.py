"""The attributes of a graph as named, typed text cells: what GraphML and GEXF have in common."""

from __future__ import annotations

from collections.abc import Iterator

from avgraph.export.column import Column
from avgraph.export.tables import EdgeTable, NodeTable
from avgraph.export.text import escape_forbidden

Cells = list[tuple[str, str]]


def widest_type(types: set[str]) -> str:
    """One GraphML type for an attribute that has several, on different node or edge types.

    Example:
        >>> widest_type({"int", "long"}), widest_type({"long", "float"}), widest_type({"boolean", "int"})
        ('long', 'double', 'string')
    """
    if len(types) == 1:
        return next(iter(types))
    if types <= {"int", "long"}:
        return "long"
    return "double" if types <= {"int", "long", "float", "double"} else "string"


def key_types(tables: tuple[NodeTable, ...] | tuple[EdgeTable, ...]) -> dict[str, str]:
    """The GraphML type of every attribute of all nodes, or of all edges, by its exported name.

    Example:
        >>> key_types((NodeTable("audio", 2, (), ()),))
        {'node_type': 'string', 'index': 'long', 'label': 'string'}
    """
    types: dict[str, set[str]] = {}
    for table in tables:
        if isinstance(table, NodeTable):
            types |= {"node_type": {"string"}, "index": {"long"}, "label": {"string"}}
        else:
            types |= {"relation": {"string"}, "index": {"long"}}
            if (weight := table.weight()) is not None:
                types.setdefault("weight", set()).add(weight.graphml_type)
    for table in tables:
        for column in table.columns:
            types.setdefault(column.key, set()).add(column.graphml_type)
    return {key: widest_type(found) for key, found in types.items()}


def node_cells(table: NodeTable) -> Iterator[Cells]:
    """For each node: (attribute, text) of each value it has; forbidden characters are escaped, markup is not.

    Example:
        >>> list(node_cells(NodeTable("audio", 1, (), ())))
        [[('node_type', 'audio'), ('index', '0')]]
    """
    columns = _escaped(table.columns)
    type_ = escape_forbidden(table.type)
    for i, label in enumerate(table.labels()):
        cells = [("node_type", type_), ("index", str(i))]
        if label is not None:
            cells.append(("label", escape_forbidden(label)))
        yield cells + _row(columns)


def edge_cells(table: EdgeTable) -> Iterator[Cells]:
    """For each edge: (attribute, text) of each value it has.

    Example:
        >>> import numpy as np
        >>> list(edge_cells(EdgeTable(("a", "near", "a"), np.array([[0], [1]]), "int64", (), ())))
        [[('relation', 'near'), ('index', '0')]]
    """
    columns = _escaped(table.columns)
    weight = table.weight()
    if weight is not None:
        columns.append(("weight", weight.texts()))
    relation = escape_forbidden(table.type[1])
    for i in range(table.size):
        yield [("relation", relation), ("index", str(i)), *_row(columns)]


def _row(columns: list[tuple[str, Iterator[str | None]]]) -> Cells:
    return [(key, text) for key, texts in columns if (text := next(texts)) is not None]


def _escaped(columns: tuple[Column, ...]) -> list[tuple[str, Iterator[str | None]]]:
    return [
        (column.key, _escape(column.texts()) if column.dtype in ("str", "json") else column.texts())
        for column in columns
    ]


def _escape(texts: Iterator[str | None]) -> Iterator[str | None]:
    return (None if text is None else escape_forbidden(text) for text in texts)
