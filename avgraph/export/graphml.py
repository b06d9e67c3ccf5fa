"""GraphML, written and read as a stream: https://graphml.graphdrawing.org/primer/graphml-primer.html

Every attribute is one typed key (boolean, int, long, float, double, string), the same for all node types;
where their types differ, the key has the wider one. A vector is one string, a JSON list of numbers. The graph
attribute "avgraph" says how to restore the HeteroData, so that `read_graphml` gives back equal bits.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TextIO
from xml.parsers import expat

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.errors import DataError, reason_of
from avgraph.export.array_text import number_texts
from avgraph.export.cells import (
    Cells,
    attribute_text,
    edge_cells,
    element_text,
    escape_forbidden,
    key_types,
    node_cells,
)
from avgraph.export.codec import dump_json
from avgraph.export.flatten import to_tables
from avgraph.export.graphml_reader import GraphmlReader
from avgraph.export.records import from_records
from avgraph.export.tables import SCHEMA, GraphTables, GraphValue
from avgraph.export.target import text_target
from avgraph.io.reading import reading

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_VALUE_TYPES = {"bool": "boolean", "int": "long", "float": "double"}


def write_graphml(data: HeteroData, path: str | Path, *, vectors: bool = True) -> None:
    """Write a GraphML file that networkx, igraph and Gephi open and that `read_graphml` restores exactly.

    Node ids are "audio/12", edge ids "e0", "e1", …; nodes have `node_type`, `index`, `label` (the name),
    edges have `relation`, `index` and `weight` (edge_weight, or else what was learned: mass, attention …), and
    each all attributes of the data. Characters that XML forbids are written as `_x0007_`.

    Args:
        data: any HeteroData.
        path: the file; one that exists is replaced, and only by a whole one.
        vectors: False leaves vectors out, for viewers.

    Raises:
        DataError: if an attribute cannot be stored, or the folder does not exist.

    Example:
        >>> import tempfile, torch
        >>> data = HeteroData()
        >>> data["audio"].name = ["a.wav", "b.wav"]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_graphml(data, f"{folder}/g.graphml")
        ...     Path(folder, "g.graphml").read_text().count("<node ")
        2
    """
    tables = to_tables(data, vectors=vectors)
    with text_target(path) as file:
        _write(tables, file)


def value_text(value: GraphValue) -> str:
    """A graph-level value as text.

    Example:
        >>> value_text(GraphValue(None, "folds", "folds", "json", [1, 2]))
        '[1,2]'
    """
    if value.type == "str":
        return str(value.value)
    if value.type == "float":
        return number_texts(np.array([value.value]))[0]
    return dump_json(value.value)


def _write(tables: GraphTables, file: TextIO) -> None:
    values = [(SCHEMA, "string", dump_json(tables.schema()))]
    values += [(v.key, _VALUE_TYPES.get(v.type, "string"), value_text(v)) for v in tables.values]
    declared = [("graph", name, type_) for name, type_, _ in values]
    declared += [("node", name, type_) for name, type_ in key_types(tables.nodes).items()]
    declared += [("edge", name, type_) for name, type_ in key_types(tables.edges).items()]
    # The opening tag of a cell, by domain and attribute.
    tags = {(domain, name): f'<data key="d{i}">' for i, (domain, name, _) in enumerate(declared)}

    file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    file.write(f'<graphml xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n')
    file.write(f'  xsi:schemaLocation="{NAMESPACE} {NAMESPACE}/1.0/graphml.xsd">\n')
    for i, (domain, name, type_) in enumerate(declared):
        title = attribute_text(escape_forbidden(name))
        file.write(f'<key id="d{i}" for="{domain}" attr.name={title} attr.type="{type_}"/>\n')
    file.write('<graph edgedefault="directed">\n')
    for name, _, text in values:
        file.write(f"{tags['graph', name]}{element_text(escape_forbidden(text))}</data>\n")

    node_tags = {name: tag for (domain, name), tag in tags.items() if domain == "node"}
    edge_tags = {name: tag for (domain, name), tag in tags.items() if domain == "edge"}
    for table in tables.nodes:
        for key, cells in zip(table.ids(), node_cells(table), strict=True):
            file.write(f"<node id={attribute_text(escape_forbidden(key))}>{_data(cells, node_tags)}</node>\n")
    all_cells = chain.from_iterable(map(edge_cells, tables.edges))
    number = 0
    for edges in tables.edges:
        source_type, target_type = (escape_forbidden(edges.type[end]) for end in (0, 2))
        for source, target in zip(*edges.ends(), strict=True):
            pair = attribute_text(f"{source_type}/{source}"), attribute_text(f"{target_type}/{target}")
            content = _data(next(all_cells), edge_tags)
            file.write(f'<edge id="e{number}" source={pair[0]} target={pair[1]}>{content}</edge>\n')
            number += 1
    file.write("</graph>\n</graphml>\n")


def _data(cells: Cells, tags: dict[str, str]) -> str:
    return "".join([f"{tags[key]}{element_text(text)}</data>" for key, text in cells])


def read_graphml(path: str | Path) -> HeteroData:
    """Read a GraphML file: one that `write_graphml` wrote gives back the HeteroData it was, bit for bit.

    A file of another program is read by the rules of `avgraph.export.records`: its nodes are of type "node"
    and its edges of relation "edge" (unless they have attributes `node_type` and `relation`), a node without
    a `name` is named by its `label` or id, `weight` becomes edge_weight, and an undirected edge becomes one
    in each direction.

    Raises:
        DataError: if the file cannot be read or is not such a graph; names the file, and the line where
            known.

    Example:
        >>> import tempfile
        >>> text = '<graphml><graph><node id="a"/><edge source="a" target="a"/></graph></graphml>'
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "g.graphml").write_text(text)
        ...     read_graphml(f"{folder}/g.graphml")
        HeteroData(
          node={
            num_nodes=1,
            name=[1],
          },
          (node, edge, node)={ edge_index=[2, 1] }
        )
    """
    reader = GraphmlReader()
    with reading(path, ".graphml"):
        try:
            with Path(path).open("rb") as file:
                reader.parser.ParseFile(file)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise DataError(f"line {error.lineno}: not well-formed XML: {reason}") from None
        except (LookupError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"an encoding that cannot be read: {reason_of(error)}; write it in UTF-8") from None
        return from_records(reader.records())
