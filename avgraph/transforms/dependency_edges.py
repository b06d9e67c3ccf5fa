"""Edges of a dependency graph between concepts, from its matrix of weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.dag.cycles import cycle_of
from avgraph.errors import GraphError
from avgraph.graph.edges import edge_store
from avgraph.graph.nodes import check_finite, node_count
from avgraph.graph.vocabulary import show_edge
from avgraph.io.arrays import read_array
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms.concept_options import DependencyEdgesOptions


class DependencyEdges(BaseTransform):
    """Add (``node``, ``relation``, ``node``): an edge from parent to child for every weight above 0.

    Edges are sorted by parent, then child, and get ``edge_weight``. Edges that the graph already has under the same
    type are replaced. `dependency_matrix` takes them back into a matrix.

    Args:
        weights: [p, p], parent row → child column, as from `avgraph.dag.dependency_weights`; a tensor, an array or a
            reference to a file (``weights.npy``).
        node: node type with p nodes.
        relation: name of the relation.

    Raises:
        GraphError: if the weights are not [p, p], finite and at least 0, or the edges form a cycle.

    Example:
        >>> data = HeteroData(concept={"x": torch.eye(2)})
        >>> data = DependencyEdges(torch.tensor([[0.0, 0.7], [0.0, 0.0]]))(data)
        >>> data["concept", "drives", "concept"].edge_index.tolist()
        [[0], [1]]
    """

    def __init__(self, weights: Any, *, node: str = "concept", relation: str = "drives") -> None:
        is_file = isinstance(weights, (str, Path))
        file = weights if is_file else "weights.npy"  # of a matrix only the rest is an option
        check_arguments(DependencyEdgesOptions, weights=file, node=node, relation=relation)
        if is_file:
            weights = read_array(weights)
        matrix = weights.detach() if isinstance(weights, Tensor) else torch.from_numpy(np.array(weights, dtype=float))
        if matrix.dim() != 2 or matrix.shape[0] != matrix.shape[1]:
            raise GraphError(f"weights: expected [p, p], got {list(matrix.shape)}")
        check_dependencies("weights", matrix, [f"node {row}" for row in range(len(matrix))])
        self.weights, self.node, self.relation = matrix.float(), node, relation

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        count = node_count(data, self.node)
        if count != len(self.weights):
            raise GraphError(f"weights of {len(self.weights)} nodes, but there are {count} {self.node!r} nodes")
        edge_type = (self.node, self.relation, self.node)
        if edge_type in data.edge_types:
            del data[edge_type]  # an attribute left over from other edges would be silently misaligned
        edge_index = self.weights.nonzero().T.contiguous()
        data[edge_type].edge_index = edge_index
        data[edge_type].edge_weight = self.weights[edge_index[0], edge_index[1]]
        return data

    def __repr__(self) -> str:
        return f"DependencyEdges([{len(self.weights)}, {len(self.weights)}], {self.node!r}, {self.relation!r})"


def check_dependencies(what: str, weights: Tensor, names: Sequence[str]) -> None:
    """Refuse weights that are no dependency graph.

    Args:
        what: the weights, for messages.
        weights: parent row → child column.
        names: of the nodes.

    Shapes:
        weights [p, p]

    Raises:
        GraphError: if a weight is negative or not finite, or the edges form a cycle.

    Example:
        >>> check_dependencies("weights", torch.tensor([[0.0, 0.5], [0.5, 0.0]]), ["rain", "wet"])
        Traceback (most recent call last):
        avgraph.errors.GraphError: weights: the edges form a cycle: rain → wet → rain
    """
    check_finite(what, weights.double())
    if bool((weights < 0).any()):
        row = int((weights < 0).any(1).nonzero()[0])
        raise GraphError(f"{what}: expected numbers of at least 0, got {float(weights[row].min())} in row {row}")
    if bool(weights.diagonal().any()):
        raise GraphError(f"{what}: {names[int(weights.diagonal().nonzero()[0])]} drives itself")
    if cycle := cycle_of((weights > 0).cpu().numpy()):
        raise GraphError(f"{what}: the edges form a cycle: {' → '.join(names[k] for k in cycle)}")


def dependency_matrix(data: HeteroData, *, node: str = "concept", relation: str = "drives") -> Tensor:
    """The weights [p, p] of the edges of a dependency graph, parent row → child column, whoever wrote them.

    Edges without ``edge_weight`` weigh alike, 1 together; several between the same nodes add up.

    Raises:
        GraphError: if the graph has no such edges, a weight is negative, or the edges form a cycle.

    Example:
        >>> weights = torch.tensor([[0.0, 0.5], [0.0, 0.0]])
        >>> dependency_matrix(DependencyEdges(weights)(HeteroData(concept={"x": torch.eye(2)})))
        tensor([[0.0000, 0.5000],
                [0.0000, 0.0000]])
    """
    edge_type, count = (node, relation, node), node_count(data, node)
    edges = edge_store(data, edge_type)
    parent, child = edges.edge_index
    weight = edges.get("edge_weight", torch.full(parent.shape, 1 / max(1, len(parent)), device=parent.device))
    if bool((weight < 0).any()):  # another edge between the same nodes may outweigh it
        raise GraphError(f"{show_edge(edge_type)}: expected weights of at least 0, got {float(weight.min())}")
    matrix = torch.zeros(count, count, device=parent.device)
    matrix.index_put_((parent, child), weight.float(), accumulate=True)
    check_dependencies(show_edge(edge_type), matrix, data[node].get("name", [f"{node} {row}" for row in range(count)]))
    return matrix
