"""The attributes of a graph as named, typed text cells: what GraphML and GEXF have in common.

Text that XML can carry: characters XML forbids are escaped reversibly, as ``_xHHHH_``.

XML 1.0 has no way to write most control characters, lone surrogates, U+FFFE and U+FFFF. They are written by
their code, as spreadsheets do; text that already looks like such a code gets its underscore escaped, so that
every string comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from avgraph.export.column import Column
from avgraph.export.tables import EdgeTable, NodeTable

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


_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
# An underscore is escaped where it would begin what reads as an escape.
_ESCAPE = re.compile(f"[{_FORBIDDEN}]|_(?=x[0-9A-Fa-f]{{4}}[_{_FORBIDDEN}])")
_UNESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_QUOTED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)
_SPECIAL = re.compile("[&<>\r]")


def escape_forbidden(text: str) -> str:
    r"""Write the characters that XML forbids as ``_xHHHH_``; all other text stays as it is.

    Example:
        >>> escape_forbidden("bell\x07, _x0007_ and max_x")
        'bell_x0007_, _x005F_x0007_ and max_x'
    """
    return _ESCAPE.sub(lambda found: f"_x{ord(found.group()):04X}_", text)


def unescape_forbidden(text: str) -> str:
    r"""Undo `escape_forbidden`.

    Example:
        >>> unescape_forbidden(escape_forbidden("_x0041\x01")) == "_x0041\x01"
        True
    """
    return _UNESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text) if "_x" in text else text


def element_text(text: str) -> str:
    r"""Content of an XML element; a carriage return becomes a reference, or a parser would read a newline.

    Example:
        >>> element_text("a < b\r")
        'a &lt; b&#13;'
    """
    return text.translate(_MARKUP) if _SPECIAL.search(text) else text


def attribute_text(text: str) -> str:
    r"""Value of an XML attribute, its double quotes included.

    Example:
        >>> attribute_text('5" disk')
        '"5&quot; disk"'
    """
    return f'"{text.translate(_QUOTED)}"'
