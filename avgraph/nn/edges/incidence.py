"""The CSR view of an edge list: which edges touch each node, computed once and reused by every layer and epoch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import is_traced


@dataclass(frozen=True, eq=False)
class Side:
    """Edges grouped by one of their end points.

    Attributes:
        index: node of each edge [e].
        order: permutation that groups the edges by node [e]; the identity where they are grouped already.
        pointer: the edges of node v are ``order[pointer[v]:pointer[v + 1]]`` [n + 1].
        degree: number of edges of each node [n].
        is_grouped: whether ``order`` is the identity.
    """

    index: Tensor
    order: Tensor
    pointer: Tensor
    degree: Tensor
    is_grouped: bool = False

    @classmethod
    def from_index(cls, index: Tensor, num_nodes: int) -> Side:
        """Group edges by node; the order within a node is the order of the list.

        Raises:
            GraphError: if the index is not int64 [e] or names a node outside 0 … num_nodes - 1.

        Example:
            >>> side = Side.from_index(torch.tensor([1, 0, 1]), num_nodes=3)
            >>> side.order.tolist(), side.pointer.tolist(), side.degree.tolist()
            ([1, 0, 2], [0, 1, 3, 3], [1, 2, 0])
        """
        if index.dtype != torch.int64 or index.dim() != 1:
            raise GraphError(f"node index: expected int64 [e], got {_dtype(index)} {list(index.shape)}")
        _check_range(index, num_nodes, "node index")
        index = index.contiguous()
        is_grouped = not is_traced(index) and not bool((index[1:] < index[:-1]).any())
        # Sorting 1e6 edges costs as much as several passes of a narrow layer; kNN and candidate edges come sorted.
        order = torch.arange(index.shape[0], device=index.device) if is_grouped else torch.argsort(index, stable=True)
        if is_traced(index):  # bincount's size depends on values
            degree = index.new_zeros(num_nodes).index_add(0, index, torch.ones_like(index))
        else:
            degree = torch.bincount(index, minlength=num_nodes)
        pointer = torch.cat([degree.new_zeros(1), degree.cumsum(0)])
        return cls(index, order, pointer, degree, is_grouped)

    @property
    def num_nodes(self) -> int:
        """Number of nodes, those without an edge included."""
        return self.degree.shape[0]

    def to(self, device: torch.device | str) -> Side:
        """The same grouping on another device."""
        index, order, pointer, degree = (one.to(device) for one in (self.index, self.order, self.pointer, self.degree))
        return Side(index, order, pointer, degree, self.is_grouped)


@dataclass(frozen=True, eq=False)
class Incidence:
    """Both end points of one ``edge_index``, grouped by node.

    Attributes:
        source: edges by sender (row 0); ``target``: edges by receiver (row 1).
        loop: numbers of the edges whose two entries are equal, self-loops where both ends are one node set [l].
        loop_side: those edges by node.
        degree: edges that touch a node at either end, self-loops once [n]; None where the node sets differ in size.

    Example:
        >>> plan = Incidence.from_edge_index(torch.tensor([[0, 2, 1], [0, 1, 1]]), 3, 2)
        >>> plan.source.degree.tolist(), plan.target.degree.tolist(), plan.loop.tolist()
        ([1, 1, 1], [1, 2], [0, 2])
    """

    source: Side
    target: Side
    loop: Tensor
    loop_side: Side
    degree: Tensor | None

    @classmethod
    def from_edge_index(cls, edge_index: Tensor, num_source: int, num_target: int) -> Incidence:
        """Check an edge index and group it; every check of a value is made here, none in a layer's forward.

        Shapes:
            edge_index [2, e] int64, row 0 < num_source, row 1 < num_target

        Raises:
            GraphError: if it has another shape or dtype, or names a node that is not there.
        """
        source, target = sides_of(edge_index, num_source, num_target)
        is_loop = edge_index[0] == edge_index[1]
        # The meta device cannot say how many there are, and no result's shape depends on it.
        loop = edge_index.new_empty(0) if edge_index.is_meta else is_loop.nonzero().squeeze(1)
        loop_side = Side.from_index(edge_index[0][loop], num_source)
        degree = source.degree + target.degree - loop_side.degree if num_source == num_target else None
        return cls(source, target, loop, loop_side, degree)

    @classmethod
    def from_table(cls, neighbour: Tensor) -> Incidence:
        """The view of a graph of fixed degree, edges neighbour → centre, in the order of the table.

        Shapes:
            neighbour [n, k] int64, row i = neighbours of node i

        Raises:
            GraphError: if it has another shape or dtype, or names a node that is not there.

        Example:
            >>> Incidence.from_table(torch.tensor([[1], [0], [0]])).source.degree.tolist()
            [2, 1, 0]
        """
        if not isinstance(neighbour, Tensor):
            raise GraphError(f"neighbour: expected a tensor int64 [n, k], got {type(neighbour).__name__}")
        if neighbour.dtype != torch.int64 or neighbour.dim() != 2:
            raise GraphError(f"neighbour: expected int64 [n, k], got {_dtype(neighbour)} {list(neighbour.shape)}")
        num_nodes, k = neighbour.shape
        centre = torch.arange(num_nodes, device=neighbour.device).repeat_interleave(k)
        return cls.from_edge_index(torch.stack([neighbour.flatten(), centre]), num_nodes, num_nodes)

    @property
    def num_edges(self) -> int:
        """Number of edges."""
        return self.source.index.shape[0]

    def to(self, device: torch.device | str) -> Incidence:
        """The same view on another device."""
        degree = None if self.degree is None else self.degree.to(device)
        loop, loop_side = self.loop.to(device), self.loop_side.to(device)
        return Incidence(self.source.to(device), self.target.to(device), loop, loop_side, degree)


def sides_of(edge_index: Tensor, num_source: int, num_target: int) -> tuple[Side, Side]:
    """The edges by sender and by receiver, checked.

    Shapes:
        edge_index [2, e] int64, row 0 < num_source, row 1 < num_target

    Raises:
        GraphError: if it has another shape or dtype, or names a node that is not there.

    Example:
        >>> source, target = sides_of(torch.tensor([[0, 2, 1], [0, 1, 1]]), 3, 2)
        >>> source.degree.tolist(), target.degree.tolist()
        ([1, 1, 1], [1, 2])
    """
    if not isinstance(edge_index, Tensor):
        raise GraphError(f"edge_index: expected a tensor int64 [2, e], got {type(edge_index).__name__}")
    if edge_index.dtype != torch.int64 or edge_index.dim() != 2 or edge_index.size(0) != 2:
        raise GraphError(f"edge_index: expected int64 [2, e], got {_dtype(edge_index)} {list(edge_index.shape)}")
    _check_range(edge_index[0], num_source, "edge_index row 0 (source)")
    _check_range(edge_index[1], num_target, "edge_index row 1 (target)")
    return Side.from_index(edge_index[0], num_source), Side.from_index(edge_index[1], num_target)


def _check_range(index: Tensor, size: int, name: str) -> None:
    if is_traced(index) or index.numel() == 0:
        return
    low, high = (int(bound) for bound in torch.aminmax(index))
    if low < 0 or high >= size:
        wrong = low if low < 0 else high
        raise GraphError(f"{name}: expected node numbers 0 … {size - 1} ({size} nodes), got {wrong}")


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
