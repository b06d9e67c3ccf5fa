"""HeteroData → tables: which attributes are columns, under which names, and how many nodes there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.export.array_text import Array, tensor_to_array
from avgraph.export.codec import encode_value
from avgraph.export.column import Column, make_column
from avgraph.export.tables import (
    EDGE_RESERVED,
    GRAPH_RESERVED,
    NODE_RESERVED,
    EdgeTable,
    GraphTables,
    GraphValue,
    NodeTable,
)
from avgraph.graph.vocabulary import EdgeType


def to_tables(data: HeteroData, *, vectors: bool = True) -> GraphTables:
    """Split a HeteroData into tables.

    Args:
        data: the graph.
        vectors: keep attributes that hold more than one number per node or edge, and graph-level tensors.

    Raises:
        DataError: if an attribute cannot be stored, or edges and the number of nodes disagree.

    Example:
        >>> data = HeteroData()
        >>> data["audio"].name = ["a.wav", "b.wav"]
        >>> data["audio", "near", "audio"].edge_index = torch.tensor([[0], [1]])
        >>> tables = to_tables(data)
        >>> tables.nodes[0].ids(), tables.edges[0].ends()
        (['audio/0', 'audio/1'], ([0], [1]))
    """
    stores: dict[str | EdgeType | None, dict[str, Any]] = {None: dict(data.stores[0])}
    # data[name] would find a graph-level attribute of that name first.
    stores |= {node: dict(data.get_node_store(node)) for node in data.node_types}
    for edge in data.edge_types:
        stores[edge] = dict(data.get_edge_store(*edge))
        for end in (edge[0], edge[2]):
            stores.setdefault(end, {})
    node_keys = _free_names((s for t, s in stores.items() if isinstance(t, str)), NODE_RESERVED)
    edge_keys = _free_names((s for t, s in stores.items() if isinstance(t, tuple)), EDGE_RESERVED)
    indices = {edge: _edge_index(edge, stores[edge]) for edge in data.edge_types}

    nodes: list[NodeTable] = []
    edges: list[EdgeTable] = []
    values: list[GraphValue] = []
    taken: set[str] = set(GRAPH_RESERVED)
    for type_, store in stores.items():
        order = tuple(store)
        if isinstance(type_, str):
            size = _count_nodes(type_, store, indices, declared=type_ in data.node_types)
            columns, rest = _split(type_, store, node_keys, size, vectors)
            rest.pop("num_nodes", None)
            if not vectors or type_ not in data.node_types:
                order = (*(name for name in order if name != "num_nodes"), "num_nodes")
            nodes.append(NodeTable(type_, size, columns, order))
        elif isinstance(type_, tuple):
            dtype, index = indices[type_]
            columns, rest = _split(type_, store, edge_keys, 0 if index is None else index.shape[1], vectors)
            rest.pop("edge_index", None)
            edges.append(EdgeTable(type_, index, dtype, columns, order))
        else:
            rest = store
        prefix = "" if type_ is None else f"{type_ if isinstance(type_, str) else '/'.join(type_)}."
        for name, value in rest.items():
            if not vectors and isinstance(value, (Tensor, np.ndarray)) and value.ndim:
                continue
            key = _free_name(prefix + name, taken)
            taken.add(key)
            values.append(GraphValue(type_, name, key, *_graph_value(_label(type_, name), value)))
    return GraphTables(tuple(nodes), tuple(edges), tuple(values), tuple(stores[None]))


def _label(type_: str | EdgeType | None, name: str) -> str:
    return f"{'the graph' if type_ is None else type_}, attribute {name!r}"


def _free_name(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _free_names(stores: Iterable[Mapping[str, Any]], reserved: tuple[str, ...]) -> dict[str, str]:
    names = {name: None for store in stores for name in store}
    taken = {*names, *reserved}
    keys: dict[str, str] = {}
    for name in names:
        keys[name] = _free_name(name, taken) if name in reserved else name
        taken.add(keys[name])
    return keys


def _graph_value(label: str, value: Any) -> tuple[str, Any]:
    if type(value) is float or (type(value) is int and not -(2**63) <= value < 2**63):
        return ("float", value) if type(value) is float else ("json", value)
    try:
        encoded = encode_value(value)
    except DataError as error:
        raise DataError(f"{label}: {error}") from None
    return (type(value).__name__ if type(value) in (bool, int, str) else "json"), encoded


def _split(
    type_: str | EdgeType, store: Mapping[str, Any], keys: Mapping[str, str], size: int, vectors: bool
) -> tuple[tuple[Column, ...], dict[str, Any]]:
    columns, rest = [], {}
    for name, value in store.items():
        column = None
        if name not in ("num_nodes", "edge_index"):
            try:
                column = make_column(name, keys[name], value, size)
            except DataError as error:
                raise DataError(f"{_label(type_, name)}: {error}") from None
        if column is None:
            rest[name] = value
        elif vectors or not column.is_vector:
            columns.append(column)
    return tuple(columns), rest


def _edge_index(edge: EdgeType, store: Mapping[str, Any]) -> tuple[str, Array | None]:
    value = store.get("edge_index")
    if value is None:
        if "adj_t" in store or "adj" in store:
            raise DataError(f"{edge}: expected edge_index; got a sparse adjacency matrix (adj_t), convert it first")
        return "int64", None
    if not isinstance(value, Tensor) or value.dim() != 2 or value.shape[0] != 2:
        got = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise DataError(f"{edge}: expected edge_index as an integer tensor of shape [2, e]; got {got}")
    if value.is_floating_point() or value.is_complex() or value.dtype == torch.bool:
        raise DataError(f"{edge}: expected edge_index as an integer tensor; got {value.dtype}")
    return tensor_to_array(value)


def _count_nodes(
    type_: str,
    store: Mapping[str, Any],
    indices: Mapping[EdgeType, tuple[str, Array | None]],
    *,
    declared: bool,
) -> int:
    """Number of nodes: what the store says, else the length of x, name or y, else what all attributes agree on."""
    lengths = {name: _length(value) for name, value in store.items() if _length(value) is not None}
    highest = -1
    for (source, _, target), (_, index) in indices.items():
        for row, end in enumerate((source, target)):
            if index is not None and end == type_ and index.shape[1]:
                highest = max(highest, int(index[row].max()))
                if int(index[row].min()) < 0:
                    raise DataError(f"edges at node type {type_!r}: node index {int(index[row].min())} is negative")
    if store.get("num_nodes") is not None:
        size = int(store["num_nodes"])
    elif known := [name for name in ("x", "name", "y") if name in lengths]:
        size = lengths[known[0]] or 0
    elif len(set(lengths.values())) > 1:
        raise DataError(f"node type {type_!r}: attributes disagree on the number of nodes {lengths}; set num_nodes")
    else:
        size = next(iter(lengths.values()), highest + 1) or 0
    if highest >= size:
        raise DataError(f"edges at node type {type_!r}: node index {highest}, but it has {size} nodes")
    return size


def _length(value: Any) -> int | None:
    if isinstance(value, (Tensor, np.ndarray)):
        return int(value.shape[0]) if value.ndim else None
    return len(value) if type(value) in (list, tuple) else None
