"""HeteroData ⇄ networkx.MultiDiGraph, with every attribute as plain Python values."""

from __future__ import annotations

from typing import Any

import networkx as nx
from torch_geometric.data import HeteroData

from avgraph.export.codec import dump_json
from avgraph.export.flatten import to_tables
from avgraph.export.records import Records, from_records
from avgraph.export.tables import SCHEMA


def to_networkx(data: HeteroData, *, vectors: bool = True) -> nx.MultiDiGraph:
    """A networkx graph with a node per node and an edge per edge, in order.

    Nodes are keyed "audio/12" and have `node_type`, `index`, `label` (the name) and each per-node attribute;
    edges are keyed "e0", "e1", … and have `relation`, `index` within their type, `weight` (edge_weight,
    or else what was learned: mass, attention …) and each per-edge attribute. Scalars are bool, int, float or str;
    vectors are lists. ``graph.graph`` has the graph-level attributes, and under "avgraph" what `from_networkx`
    needs to restore dtypes.

    Args:
        data: any HeteroData.
        vectors: False leaves vectors out and writes other values that are not scalars as JSON text, so that
            networkx's own writers accept the graph.

    Raises:
        DataError: if an attribute cannot be stored, or edges and the number of nodes disagree.

    Example:
        >>> import torch
        >>> data = HeteroData()
        >>> data["audio"].name = ["a.wav", "b.wav"]
        >>> data["audio", "near", "audio"].edge_index = torch.tensor([[0], [1]])
        >>> graph = to_networkx(data)
        >>> graph.nodes["audio/1"]["label"], list(graph.edges(keys=True))
        ('b.wav', [('audio/0', 'audio/1', 'e0')])
    """
    tables = to_tables(data, vectors=vectors)
    graph = nx.MultiDiGraph()
    graph.graph[SCHEMA] = dump_json(tables.schema())
    for value in tables.values:
        graph.graph[value.key] = value.value if vectors or value.type != "json" else dump_json(value.value)
    for table in tables.nodes:
        columns = [(column.key, column.cells()) for column in table.columns]
        for i, (key, label) in enumerate(zip(table.ids(), table.labels(), strict=True)):
            attributes = {"node_type": table.type, "index": i, "label": label}
            graph.add_node(key)
            graph.nodes[key].update(_plain(attributes, columns, i, vectors))
    number = 0
    for edges in tables.edges:
        columns = [(column.key, column.cells()) for column in edges.columns]
        weight = edges.weight()
        if weight is not None:
            columns.append(("weight", weight.cells()))
        for i, (source, target) in enumerate(zip(*edges.ends(), strict=True)):
            attributes = {"relation": edges.type[1], "index": i}
            pair = f"{edges.type[0]}/{source}", f"{edges.type[2]}/{target}"
            graph.add_edges_from([(*pair, f"e{number}", _plain(attributes, columns, i, vectors))])
            number += 1
    return graph


def _plain(attributes: dict[str, Any], columns: list[tuple[str, list[Any]]], row: int, vectors: bool) -> dict[str, Any]:
    cells = attributes | {key: values[row] for key, values in columns}
    if not vectors:
        cells = {key: dump_json(cell) if isinstance(cell, (list, dict)) else cell for key, cell in cells.items()}
    return {key: cell for key, cell in cells.items() if cell is not None}


def from_networkx(graph: nx.Graph) -> HeteroData:
    """The HeteroData of a networkx graph; equal to the original for a graph that `to_networkx` made.

    Nodes and edges may have been removed from such a graph; the rest is renumbered in order. Any other graph
    is read by the rules of `avgraph.export.records`: type "node", relation "edge", inferred types.

    Raises:
        DataError: if attributes contradict what `to_networkx` wrote.

    Example:
        >>> graph = nx.Graph([("a", "b")])
        >>> from_networkx(graph)["node", "edge", "node"].edge_index
        tensor([[0, 1],
                [1, 0]])
    """
    nodes = [(key, attributes, 0) for key, attributes in graph.nodes(data=True)]
    edges = []
    for source, target, attributes in graph.edges(data=True):
        edges.append((source, target, attributes, 0))
        if not graph.is_directed() and source != target:
            edges.append((target, source, attributes, 0))
    return from_records(Records(graph.graph, nodes, edges))
