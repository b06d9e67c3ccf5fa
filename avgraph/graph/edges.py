"""What transforms and methods read from the edges of a graph, with errors that say what it has instead."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError, hint
from avgraph.graph.nodes import node_count, node_store, node_vector
from avgraph.graph.vocabulary import EdgeType, show_edge

WEIGHTS = ("edge_weight", "attention", "mass", "probability", "precision", "trust")
"""Attributes that say how strong an edge is: the others are of memories, couplings, RR-Net, experts and pairs."""


def edge_store(data: HeteroData, edge_type: EdgeType) -> Any:
    """The store of ``edge_type``, whose edges join nodes that there are.

    Raises:
        GraphError: if there are no such edges, or one has an end that is no node; it names the types there are.

    Example:
        >>> data = HeteroData(audio={"x": torch.eye(2)})
        >>> data["audio", "near", "audio"].edge_index = torch.tensor([[0], [1]])
        >>> edge_store(data, ("audio", "naer", "audio"))
        Traceback (most recent call last):
        avgraph.errors.GraphError: no (audio, naer, audio) edges; did you mean '(audio, near, audio)'? the graph has: \
(audio, near, audio)
    """
    source, _, target = edge_type
    for node in (source, target):
        node_store(data, node)
    if edge_type not in data.edge_types or "edge_index" not in data[edge_type]:
        known = hint(show_edge(edge_type), map(show_edge, data.edge_types), "the graph has")
        raise GraphError(f"no {show_edge(edge_type)} edges; {known}")
    index = data[edge_type].edge_index
    for row, node in zip(index, (source, target), strict=True):
        count = node_count(data, node)
        if len(row) and not 0 <= int(row.min()) <= int(row.max()) < count:
            wrong = int(row[(row < 0) | (row >= count)][0])
            raise GraphError(f"{show_edge(edge_type)}: an edge names {node} {wrong}, but there are {count}")
    return data[edge_type]


def training_edges(data: HeteroData, edge_type: EdgeType) -> Tensor:
    """The edges that may be learned from: their ``train_mask``, or that of their source nodes, or all of them.

    Shapes:
        → [e] (bool)

    Raises:
        GraphError: as `edge_store`, or if a mask is not of the right shape.

    Example:
        >>> data = HeteroData(audio={"train_mask": torch.tensor([True, False])}, text={"num_nodes": 1})
        >>> data["audio", "described", "text"].edge_index = torch.tensor([[1, 0], [0, 0]])
        >>> training_edges(data, ("audio", "described", "text"))
        tensor([False,  True])
    """
    edges = edge_store(data, edge_type)
    if "train_mask" in edges:
        mask: Tensor = edges.train_mask
        if mask.dtype != torch.bool or mask.shape != edges.edge_index.shape[1:]:
            wanted = list(edges.edge_index.shape[1:])
            got = f"{mask.dtype} {list(mask.shape)}"
            raise GraphError(f"{show_edge(edge_type)}.train_mask: expected torch.bool {wanted}, got {got}")
        return mask
    if "train_mask" in data[edge_type[0]]:
        return node_vector(data, edge_type[0], "train_mask", torch.bool)[edges.edge_index[0]]
    return torch.ones(edges.edge_index.shape[1], dtype=torch.bool)
