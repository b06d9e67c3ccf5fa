"""GEXF 1.3, the format of Gephi: https://gexf.net/schema.html. Written as a stream; vectors are left out."""

from __future__ import annotations

import math
from itertools import chain
from pathlib import Path
from typing import TextIO

from torch_geometric.data import HeteroData

from avgraph.export.cells import Cells, attribute_text, edge_cells, escape_forbidden, key_types, node_cells
from avgraph.export.flatten import to_tables
from avgraph.export.tables import GraphTables
from avgraph.export.target import text_target

_TYPES = {"int": "integer"}  # every other GraphML type has the same name in GEXF


def write_gexf(data: HeteroData, path: str | Path) -> None:
    """Write a GEXF file for Gephi: nodes labelled by name, the edges of each relation as a kind of edges.

    An edge's weight is its edge_weight, mass, attention …, where that is finite. Graph-level
    attributes have no place in GEXF.

    Args:
        data: any HeteroData.
        path: the file; one that exists is replaced, and only by a whole one.

    Raises:
        DataError: if an attribute cannot be stored, or the folder does not exist.

    Example:
        >>> import tempfile
        >>> data = HeteroData()
        >>> data["audio"].name = ["a.wav", "b.wav"]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_gexf(data, f"{folder}/g.gexf")
        ...     '<node id="audio/1" label="b.wav">' in Path(folder, "g.gexf").read_text()
        True
    """
    tables = to_tables(data, vectors=False)
    with text_target(path) as file:
        _write(tables, file)


def _write(tables: GraphTables, file: TextIO) -> None:
    file.write('<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n')
    file.write('<graph defaultedgetype="directed" mode="static">\n')
    node_ids = _declare("node", key_types(tables.nodes), file)
    edge_ids = _declare("edge", key_types(tables.edges), file)
    file.write("<nodes>\n")
    for table in tables.nodes:
        for key, label, cells in zip(table.ids(), table.labels(), node_cells(table), strict=True):
            title = "" if label is None else f" label={_quote(label)}"
            file.write(f"<node id={_quote(key)}{title}>{_values(cells, node_ids)}</node>\n")
    file.write("</nodes>\n<edges>\n")
    all_cells = chain.from_iterable(map(edge_cells, tables.edges))
    number = 0
    for edges in tables.edges:
        relation = _quote(edges.type[1])
        for source, target in zip(*edges.ends(), strict=True):
            ends = f"source={_quote(f'{edges.type[0]}/{source}')} target={_quote(f'{edges.type[2]}/{target}')}"
            cells = next(all_cells)
            weight = dict(cells).get("weight", "NaN")
            heavy = f' weight="{weight}"' if math.isfinite(float(weight)) else ""
            head = f'<edge id="e{number}" {ends} kind={relation} label={relation}{heavy}>'
            file.write(f"{head}{_values(cells, edge_ids)}</edge>\n")
            number += 1
    file.write("</edges>\n</graph>\n</gexf>\n")


def _quote(text: str) -> str:
    return attribute_text(escape_forbidden(text))


def _declare(domain: str, types: dict[str, str], file: TextIO) -> dict[str, str]:
    """Declare the attributes and return their ids; label and weight have a place of their own in GEXF."""
    ids = {name: str(i) for i, name in enumerate(name for name in types if name not in ("label", "weight"))}
    if ids:
        file.write(f'<attributes class="{domain}" mode="static">\n')
        for name, i in ids.items():
            type_ = _TYPES.get(types[name], types[name])
            file.write(f'<attribute id="{i}" title={_quote(name)} type="{type_}"/>\n')
        file.write("</attributes>\n")
    return ids


def _values(cells: Cells, ids: dict[str, str]) -> str:
    values = [f'<attvalue for="{ids[key]}" value={attribute_text(text)}/>' for key, text in cells if key in ids]
    return f"<attvalues>{''.join(values)}</attvalues>"
