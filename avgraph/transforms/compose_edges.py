"""Edges along a path of relations: a sparse matrix product, the strongest of each row kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.edges import WEIGHTS, edge_store
from avgraph.graph.nodes import node_count
from avgraph.graph.vocabulary import EdgeType, show_edge
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms.pairs import set_pairs
from avgraph.transforms.relation_options import ComposeEdgesOptions

_ROWS = 1024  # sources at a time: what is held is their ways, not those of all


class ComposeEdges(BaseTransform):
    r"""Add (first source, ``relation``, last target): the ``k`` nodes that a path of relations leads to most.

    The weight of an edge is :math:`\sum \prod_r w_r` over all ways along the path, an entry of the product of the
    weight matrices. Edges are sorted by source, then by descending weight, ties by target; a source has fewer than
    ``k`` where fewer targets have ways to them whose sum is not 0. They get ``edge_weight`` and, where both ends have
    ``y``, ``y`` (1 where equal) and the masks of the source. Edges that the graph already has under the same type are
    replaced.

    Args:
        path: edge types, each from where the one before ends. The relation ``rev_near`` walks the edges ``near``
            backwards, as `torch_geometric.transforms.ToUndirected` calls them.
        k: edges per source.
        relation: name of the new relation.
        weights: attribute that holds the weights, for each edge type; none takes ``edge_weight``, ``attention``,
            ``mass`` or ``probability``, whichever the edges have, and 1 where they have none.
        loops: whether a node may have an edge to itself, where the path comes back to its node type.

    Raises:
        GraphError: if the path does not chain, edges or their weights are missing or not finite, or edges have several
            of the weights and none is chosen.

    Example:
        >>> data = HeteroData(audio={"num_nodes": 1}, text={"num_nodes": 2}, image={"num_nodes": 2})
        >>> data["audio", "heard", "text"].edge_index = torch.tensor([[0, 0], [0, 1]])
        >>> data["audio", "heard", "text"].edge_weight = torch.tensor([0.9, 0.1])
        >>> data["image", "seen", "text"].edge_index = torch.tensor([[0, 1, 1], [0, 0, 1]])
        >>> bridge = ComposeEdges([("audio", "heard", "text"), ("text", "rev_seen", "image")], k=2)
        >>> edges = bridge(data)["audio", "composed", "image"]
        >>> edges.edge_index.tolist(), edges.edge_weight
        ([[0, 0], [1, 0]], tensor([1.0000, 0.9000]))
    """

    def __init__(
        self,
        path: Sequence[Sequence[str]],
        k: int,
        *,
        relation: str = "composed",
        weights: Sequence[str] | None = None,
        loops: bool = False,
    ) -> None:
        options = check_arguments(ComposeEdgesOptions, path=path, k=k, relation=relation, weights=weights, loops=loops)
        self.path, self.k, self.relation, self.loops = options.walked(), k, relation, loops
        self.weights = [None] * len(self.path) if weights is None else list(weights)
        self.edge_type = options.edge_type()

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        from scipy.sparse import csr_array  # slow to import

        matrices = []
        for (edge, backwards), name in zip(self.path, self.weights, strict=True):
            row, column = edge_store(data, edge).edge_index.cpu().numpy()
            shape = node_count(data, edge[0]), node_count(data, edge[2])
            one = csr_array((edge_weights(data, edge, name).numpy(), (row, column)), shape=shape)
            matrices.append(one.T.tocsr() if backwards else one)
        index, weight = strongest_ways(matrices, self.k, loops=self.loops or self.edge_type[0] != self.edge_type[2])
        return set_pairs(data, self.edge_type, index, weight.float())

    def __repr__(self) -> str:
        way = " ".join(show_edge(edge) + ("⁻¹" if backwards else "") for edge, backwards in self.path)
        return f"ComposeEdges({way}, k={self.k}, relation={self.relation!r}, loops={self.loops})"


def edge_weights(data: HeteroData, edge_type: EdgeType, name: str | None = None) -> Tensor:
    """How strong each edge is: the attribute ``name``, or the one of `WEIGHTS` that the edges have, or 1.

    Shapes:
        → [e], in double precision

    Raises:
        GraphError: if the attribute is missing or not a finite number for every edge, or there are several.

    Example:
        >>> data = HeteroData(audio={"num_nodes": 2})
        >>> data["audio", "near", "audio"].edge_index = torch.tensor([[0], [1]])
        >>> edge_weights(data, ("audio", "near", "audio"))
        tensor([1.], dtype=torch.float64)
    """
    edges, shown = edge_store(data, edge_type), show_edge(edge_type)
    known = [one for one in WEIGHTS if one in edges] if name is None else [name]
    if len(known) > 1:
        raise GraphError(f"{shown} edges have {' and '.join(known)}; say which of them are the weights")
    if not known:
        return torch.ones(edges.edge_index.shape[1], dtype=torch.float64)
    if known[0] not in edges:
        raise GraphError(f"{shown} edges have no {known[0]!r}; they have {', '.join(edges.keys())}")
    value = edges[known[0]]
    if not isinstance(value, Tensor) or value.shape != edges.edge_index.shape[1:] or value.is_complex():
        got = list(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise GraphError(f"{shown}.{known[0]}: expected {list(edges.edge_index.shape[1:])} numbers, got {got}")
    weight: Tensor = value.detach().cpu().double()
    if not bool(weight.isfinite().all()):
        row = int((~weight.isfinite()).nonzero()[0])
        raise GraphError(f"{shown}.{known[0]}: edge {row} is {float(weight[row])}")
    return weight


def strongest_ways(matrices: Sequence[Any], k: int, *, loops: bool = True) -> tuple[Tensor, Tensor]:
    """The ``k`` largest entries of every row of a product of sparse matrices, by row, then by descending size.

    Args:
        matrices: scipy's, in CSR.
        k: entries per row; zeros are none.
        loops: whether the diagonal counts.

    Shapes:
        → [2, e], [e]

    Example:
        >>> from scipy.sparse import csr_array
        >>> strongest_ways([csr_array([[1.0, 2.0]]), csr_array([[1.0, 0.0], [1.0, 1.0]])], 1)
        (tensor([[0],
                [0]]), tensor([3.], dtype=torch.float64))
    """
    found: list[tuple[npt.NDArray[Any], ...]] = []
    for start in range(0, max(1, matrices[0].shape[0]), _ROWS):
        block = matrices[0][start : start + _ROWS]
        for matrix in matrices[1:]:
            block = block @ matrix
        block = block.tocoo()
        row, column, weight = block.row.astype(np.int64) + start, block.col.astype(np.int64), block.data
        kept = (weight != 0) & (loops | (row != column))
        row, column, weight = row[kept], column[kept], weight[kept]
        order = np.lexsort((column, -weight, row))
        row, column, weight = row[order], column[order], weight[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        found.append((row[rank < k], column[rank < k], weight[rank < k]))
    row, column, weight = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return torch.from_numpy(np.stack([row, column])), torch.from_numpy(weight)
