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

NODE, EDGE = "node", ("node", "edge", "node")
_EDGE_ROWS = ("edge_weight", "edge_attr", "y", *MASKS)


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
        _check_nodes(graph, node, f"{path}: {node}")
    for kind in graph.edge_types:
        _check_edges(graph, kind, f"{path}: {show_edge(kind)}")
    return graph


def _made(content: Any) -> HeteroData:
    """Of what was a HeteroData, or of what was a Data: one type of nodes and one of edges."""
    if not isinstance(content, Mapping) or not isinstance(content.get("edge_index"), Tensor):
        return HeteroData.from_dict(content)
    one, graph = Data.from_dict(dict(content)), HeteroData()
    for name, value in one.items():
        graph[EDGE if one.is_edge_attr(name) else NODE][name] = value
    return graph


def _check_index(index: object, where: str) -> None:
    if not isinstance(index, Tensor) or index.dtype != torch.int64 or index.dim() != 2 or len(index) != 2:
        got = f"{list(index.shape)} {index.dtype}" if isinstance(index, Tensor) else type(index).__name__
        raise DataError(f"{where}: expected int64 [2, e], got {got}")


def _check_nodes(graph: HeteroData, node: str, where: str) -> None:
    """Refuse attributes of unequal length; without any, the edges say how many nodes there are."""
    store = graph[node]
    rows = {name: len(store[name]) for name in ("x", "y", "name", *MASKS) if _has_rows(store.get(name))}
    if len(set(rows.values())) > 1:
        raise DataError(f"{where}: expected as many rows of each, got {', '.join(f'{k} {v}' for k, v in rows.items())}")
    if not rows and "num_nodes" not in store:
        ends = [graph[kind].edge_index[side] for kind in graph.edge_types for side in (0, 1) if kind[2 * side] == node]
        store.num_nodes = max((int(end.max()) + 1 for end in ends if end.numel()), default=0)


def _has_rows(value: object) -> bool:
    return isinstance(value, list) or (isinstance(value, Tensor) and value.dim() > 0)


def _check_edges(graph: HeteroData, kind: EdgeType, where: str) -> None:
    store, index = graph[kind], graph[kind].edge_index
    ends = [(node, int(graph[node].num_nodes or 0)) for node in (kind[0], kind[2])]
    check_edge_index(np.asarray(index), f"{where}.edge_index", ends)
    for name in _EDGE_ROWS:
        if (value := store.get(name)) is not None and (not _has_rows(value) or len(value) != index.shape[1]):
            raise DataError(f"{where}.{name}: expected one for each of {index.shape[1]} edges")
