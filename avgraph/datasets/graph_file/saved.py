"""Graphs that PyG users save: ``torch.save(data.to_dict(), "graph.pt")`` of a HeteroData or a Data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data, HeteroData

from avgraph.datasets.checks import check_edge_index
from avgraph.errors import DataError
from avgraph.graph.nodes import MASKS
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.io.graph_file import load_graph
from avgraph.io.reading import check_expansion

NODE, EDGE = "node", ("node", "edge", "node")
_EDGE_ROWS = ("edge_weight", "edge_attr", "y", *MASKS)
_NAME_BYTES = 64  # of a node without a name, which gets one


def read_saved_graph(path: Path) -> HeteroData:
    """The graph of a ``.pt`` file; nodes of a homogeneous one are of type ``node``, its edges of ``edge``.

    Shapes:
        of nodes x, y and masks [n, …], as many of each; edge_index [2, e] with ends that there are; of edges
        edge_weight, edge_attr, y and masks [e, …]

    Raises:
        DataError: naming the file and what is wrong in it.

    Example:
        >>> import tempfile
        >>> graph = Data(x=torch.eye(2), edge_index=torch.tensor([[0], [1]]))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     torch.save(graph.to_dict(), f"{folder}/graph.pt")
        ...     read_saved_graph(Path(folder, "graph.pt")).edge_types
        [('node', 'edge', 'node')]
    """
    graph = load_graph(path, _made)
    for kind in graph.edge_types:
        _check_index(graph[kind].get("edge_index"), f"{path}: {show_edge(kind)}.edge_index")
    for node in dict.fromkeys([*graph.node_types, *(kind[side] for kind in graph.edge_types for side in (0, 2))]):
        count = _count(graph, node, f"{path}: {node}")
        check_expansion(f"{path}: {node}", path.stat().st_size, _NAME_BYTES * count)
        graph[node].num_nodes = count
    for kind in graph.edge_types:
        _check_edges(graph, kind, f"{path}: {show_edge(kind)}")
    return graph


def _made(content: Any) -> HeteroData:
    """Of what was a HeteroData, or of what was a Data: one type of nodes and one of edges."""
    if not isinstance(content, Mapping):
        raise ValueError(f"expected a dictionary, got {type(content).__name__}")
    if isinstance(content.get("edge_index"), Tensor):
        one = Data.from_dict(_plain(content))
        stores: dict[Any, dict[str, Any]] = {NODE: {}, EDGE: {}}
        for name, value in one.items():
            stores[EDGE if one.is_edge_attr(name) else NODE][name] = value
        return HeteroData.from_dict(stores)
    for key, store in content.items():
        ends = key if isinstance(key, tuple) else (key,)
        if len(ends) not in (1, 3) or not all(isinstance(end, str) for end in ends) or not isinstance(store, Mapping):
            raise ValueError("expected dictionaries of node types and of (source, relation, target)")
    return HeteroData.from_dict({key: _plain(store) for key, store in content.items()})


def _plain(store: Mapping[Any, Any]) -> dict[str, Any]:
    """Tensors as numpy knows them too."""
    found = {}
    for name, value in store.items():
        if isinstance(value, Tensor):
            if value.layout != torch.strided:
                raise ValueError(f"{name}: expected a dense tensor, got {value.layout}")
            value = value.detach()
            value = value.float() if value.dtype == torch.bfloat16 else value
        found[str(name)] = value
    return found


def _check_index(index: object, where: str) -> None:
    if not isinstance(index, Tensor) or index.dtype != torch.int64 or index.dim() != 2 or len(index) != 2:
        got = f"{list(index.shape)} {index.dtype}" if isinstance(index, Tensor) else type(index).__name__
        raise DataError(f"{where}: expected int64 [2, e], got {got}")


def _count(graph: HeteroData, node: str, where: str) -> int:
    """How many nodes there are, by what they have, or else by the edges; refuse attributes of unequal length."""
    store = graph[node]
    for name in MASKS:
        if name in store and not (isinstance(store[name], Tensor) and store[name].dtype == torch.bool):
            raise DataError(f"{where}.{name}: expected true or false for every node")
    rows = {name: _rows(store[name], f"{where}.{name}") for name in ("x", "y", "name", *MASKS) if name in store}
    if "num_nodes" in store:
        rows["num_nodes"] = store["num_nodes"]
        if not isinstance(rows["num_nodes"], int) or rows["num_nodes"] < 0:
            raise DataError(f"{where}.num_nodes: expected a number of at least 0, got {rows['num_nodes']!r}")
    if len(set(rows.values())) > 1:
        raise DataError(f"{where}: expected as many rows of each, got {', '.join(f'{k} {v}' for k, v in rows.items())}")
    ends = [graph[kind].edge_index[side] for kind in graph.edge_types for side in (0, 1) if kind[2 * side] == node]
    return next(iter(rows.values()), max((int(end.max()) + 1 for end in ends if end.numel()), default=0))


def _rows(value: object, where: str) -> int:
    if not isinstance(value, list) and not (isinstance(value, Tensor) and value.dim() > 0):
        raise DataError(f"{where}: expected one for every row, got {type(value).__name__}")
    return len(value)


def _check_edges(graph: HeteroData, kind: EdgeType, where: str) -> None:
    store, index = graph[kind], graph[kind].edge_index
    check_edge_index(np.asarray(index), f"{where}.edge_index", [(kind[k], graph[kind[k]].num_nodes) for k in (0, 2)])
    for name in _EDGE_ROWS:
        if name in store and _rows(store[name], f"{where}.{name}") != index.shape[1]:
            raise DataError(f"{where}.{name}: expected one for each of {index.shape[1]} edges, got {len(store[name])}")
