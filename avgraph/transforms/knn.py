"""Exact k nearest neighbours by cosine similarity."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import torch
from jaxtyping import Float32, Float64, Int64
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite, node_attribute
from avgraph.graph.vocabulary import EdgeType
from avgraph.nn.contrast._memory_rows import row_lengths
from avgraph.tensors.checks import check_tensors
from avgraph.tensors.rows import products_with
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms._new_rows import Edges, near_edges
from avgraph.transforms._top_k import stable_top_k
from avgraph.transforms.options import KnnOptions

# Bytes that the similarities of one chunk of rows may take, and bytes per similarity:
# float64, float32, and as much again where duplicates are expanded and rows are sorted.
_MEMORY, _PER_ENTRY = 256 * 2**20, 32


def nearest_neighbours(
    x: Tensor,
    k: int,
    *,
    chunk_size: int | None = None,
    group: Tensor | Sequence[Hashable] | None = None,
) -> tuple[Int64[Tensor, "n k"], Float32[Tensor, "n k"]]:
    """The ``k`` rows most similar to each row, itself excluded: sim(i, j) = xᵢ·xⱼ / (‖xᵢ‖ ‖xⱼ‖).

    Exact: a matrix product per chunk of rows and its k highest entries; by descending similarity, ties by
    index. The product is taken in float64 and rounded to float32, so that neither the chunk size nor the
    number of threads decides between rows that are equally similar; equal rows are compared only once, which
    makes their similarities equal to the last bit.

    Args:
        x: feature vectors.
        k: neighbours per row.
        chunk_size: rows per matrix product (default: what keeps a chunk within 256 MiB).
        group: one value per row; neighbours are sought among the rows with the same value only.

    Shapes:
        x [n, d] → index [n, k], similarity [n, k].

    Raises:
        GraphError: if ``x`` is no finite [n, d] of floating point, a row is zero (it has no direction), or a
            group has no ``k`` rows beside each row.

    Example:
        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
        >>> nearest_neighbours(x, k=1)[0]
        tensor([[2],
                [2],
                [0]])
    """
    check_tensors({"x": x})
    if x.dim() != 2 or not x.is_floating_point():
        raise GraphError(f"x: expected floating-point features [n, d], got {x.dtype} {list(x.shape)}")
    if k < 1:
        raise GraphError(f"k: expected at least 1 neighbour, got {k}")
    if chunk_size is not None and chunk_size < 1:
        raise GraphError(f"chunk_size: expected at least 1 row, got {chunk_size}")
    wide = x.detach().double()
    check_finite("x", wide)
    unit = wide / row_lengths("x", wide)
    index = torch.empty(len(x), k, dtype=torch.int64, device=x.device)
    similarity = torch.empty(len(x), k, dtype=torch.float32, device=x.device)
    for value, member in _members(group, len(x)):
        if k >= len(member):
            where = "" if group is None else f" in group {value!r}"
            raise GraphError(f"k = {k} neighbours of {len(member)} rows{where}: k is at most {max(len(member) - 1, 0)}")
        rows = torch.tensor(member, device=x.device)
        local, similarity[rows] = _neighbours_of_units(unit[rows], k, chunk_size)
        index[rows] = rows[local]  # members ascend, so ties by local index are ties by index
    return index, similarity


class KNN(BaseTransform):
    """Add (``node``, ``relation``, ``node``): edges from the ``k`` nearest neighbours of a node to the node.

    Row 0 of ``edge_index`` is the neighbour, row 1 the centre. Edges are sorted by centre, then by descending
    similarity, ties by index; every centre has exactly ``k``. ``edge_weight`` is the cosine similarity of
    ``x``. Edges that the graph already has under the same type are replaced.

    Args:
        node: node type.
        k: neighbours per node.
        relation: name of the relation.
        within: attribute of the node type (a tensor or a list, one value per node); neighbours only among the
            nodes with the same value, as the same ``fold``.

    Raises:
        GraphError: if the node type or an attribute is missing, or as `nearest_neighbours`.

    Example:
        >>> data = HeteroData(audio={"x": torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])})
        >>> KNN("audio", k=1)(data)["audio", "near", "audio"].edge_index
        tensor([[2, 2, 0],
                [0, 1, 2]])
    """

    def __init__(self, node: str, k: int, *, relation: str = "near", within: str | None = None) -> None:
        check_arguments(KnnOptions, node=node, k=k, relation=relation, within=within)
        self.node, self.k, self.relation, self.within = node, k, relation, within

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        x = node_attribute(data, self.node, "x")
        group = None if self.within is None else node_attribute(data, self.node, self.within)
        if not isinstance(x, Tensor):
            raise GraphError(f"{self.node}.x: expected a tensor, got {type(x).__name__}")
        try:
            index, similarity = nearest_neighbours(x, self.k, group=group)
        except GraphError as error:
            raise GraphError(f"{self.node}: {error}") from error
        centre = torch.arange(len(x), device=x.device).repeat_interleave(self.k)
        edge_type = (self.node, self.relation, self.node)
        if edge_type in data.edge_types:
            del data[edge_type]  # an attribute left over from other edges would be silently misaligned
        data[edge_type].edge_index = torch.stack([index.reshape(-1), centre])
        data[edge_type].edge_weight = similarity.reshape(-1)
        return data

    def link(self, data: HeteroData, new: HeteroData) -> dict[EdgeType, Edges]:
        """The edges of nodes that come later, each by itself, to and from nodes of the graph.

        A new node is linked from its neighbours, and to the nodes whose neighbour it would be. Where it does not have
        the attribute ``within``, neighbours are sought among all nodes.

        Args:
            data: the graph with the edges of this step.
            new: the new nodes; their numbers follow those of the graph.

        Raises:
            GraphError: if they lack what the edges are made by.
        """
        if self.node not in new.node_types:
            return {}
        kind = (self.node, self.relation, self.node)
        if self.within is None or self.within in new[self.node]:
            edges = data[kind]
            least = torch.full((len(data[self.node].x),), torch.inf)
            least = least.scatter_reduce(0, edges.edge_index[1], edges.edge_weight, "amin")
            return {kind: near_edges(data, new, kind, self.k, least, self.within)}
        least = nearest_neighbours(data[self.node].x, self.k)[1][:, -1]
        return {kind: near_edges(data, new, kind, self.k, least, None)}

    def __repr__(self) -> str:
        return f"KNN({self.node!r}, k={self.k}, relation={self.relation!r}, within={self.within!r})"


def _members(group: Tensor | Sequence[Hashable] | None, n: int) -> list[tuple[Any, list[int]]]:
    """The rows of each group, ascending."""
    if group is None:
        return [(None, list(range(n)))]
    shape = list(group.shape) if isinstance(group, Tensor) else [len(group)]
    if shape != [n]:
        raise GraphError(f"group: expected one value per row, [{n}], got {shape}")
    members: dict[Any, list[int]] = {}
    for row, value in enumerate(group.tolist() if isinstance(group, Tensor) else group):
        members.setdefault(value, []).append(row)
    return list(members.items())


def _neighbours_of_units(
    unit: Float64[Tensor, "n d"], k: int, chunk_size: int | None
) -> tuple[Int64[Tensor, "n k"], Float32[Tensor, "n k"]]:
    n = len(unit)
    chunk_size = chunk_size or max(1, _MEMORY // (_PER_ENTRY * n))
    product = products_with(unit)
    # Made first: small results that stay between large arrays that go would let the heap grow by a chunk each time.
    index = torch.empty(n, k, dtype=torch.int64, device=unit.device)
    value = torch.empty(n, k, dtype=torch.float32, device=unit.device)
    for centre in torch.arange(n, device=unit.device).split(chunk_size):
        similarity = product(unit[centre]).float()
        similarity[torch.arange(len(centre), device=unit.device), centre] = -torch.inf
        index[centre], value[centre] = stable_top_k(similarity, k)
    return index, value
