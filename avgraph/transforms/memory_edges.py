"""Edges from the rows of a memory to the nodes that recall them (C-MCR, NeurIPS 2023, Eq. 2)."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.transforms import BaseTransform

from avgraph.errors import GraphError
from avgraph.graph.nodes import node_attribute, node_count
from avgraph.nn.contrast.memory_rows import Memory
from avgraph.transforms._arguments import check_arguments
from avgraph.transforms.options import MemoryEdgesOptions
from avgraph.transforms.pairs import set_pairs
from avgraph.transforms.top_k import memory_top_k


class MemoryEdges(BaseTransform):
    """Add (``source``, ``relation``, ``target``): the ``k`` memory rows that each target node attends to most.

    ``attention`` is the exact softmax over the *whole* memory, as in `avgraph.nn.memory_readout`, so that the edges of
    a node sum to 1 less what was dropped: see `dropped_mass`. Edges are sorted by target, then by descending attention;
    every target has exactly ``k``. Where both ends have ``y`` they get ``y`` (1 where equal) and
    the masks of the memory. Edges that the graph already has under the same type are replaced.

    Args:
        source: node type of the memory, whose rows may be an array mapped from a file.
        target: node type of the queries.
        k: memory rows per node.
        temperature: τ of the softmax of cosine similarities.
        state: attribute of ``target`` in the space of the memory; a node of two spaces has a state in each.
        memory_state: attribute of ``source`` in that space.
        relation: name of the relation.
        chunk_size: memory rows at a time; changes the memory taken, not the result.

    Beside the edges it holds a float32 copy of the queries, and a block of 1024 queries and ``chunk_size`` memory rows.

    Raises:
        GraphError: if a node type or attribute is missing, widths differ, a row is zero or not finite, or ``k`` is
            larger than the memory.

    Example:
        >>> data = HeteroData(image_memory={"x": torch.eye(3)}, text={"x": torch.tensor([[0.9, 0.1, 0.0]])})
        >>> edges = MemoryEdges("image_memory", "text", k=2, temperature=0.5)(data)["image_memory", "recalled", "text"]
        >>> edges.edge_index.tolist(), edges.attention
        ([[0, 1], [0, 0]], tensor([0.7646, 0.1306]))
    """

    def __init__(
        self,
        source: str,
        target: str,
        k: int,
        *,
        temperature: float = 0.01,
        state: str = "x",
        relation: str = "recalled",
        chunk_size: int | None = None,
        memory_state: str = "x",
    ) -> None:
        check_arguments(
            MemoryEdgesOptions, source=source, target=target, k=k, temperature=temperature, state=state,
            relation=relation, chunk_size=chunk_size, memory_state=memory_state,
        )  # fmt: skip
        self.source, self.target, self.k, self.temperature = source, target, k, temperature
        self.state, self.relation, self.chunk_size = state, relation, chunk_size
        self.memory_state = memory_state

    def forward(self, data: HeteroData) -> HeteroData:
        """Add the edges to ``data``; calling the transform instead adds them to a shallow copy."""
        memory = _rows(data, self.source, self.memory_state)
        query = _rows(data, self.target, self.state)
        if not isinstance(query, Tensor):  # a copy: nothing may write to a mapped file
            query = torch.from_numpy(np.array(query, dtype=np.result_type(query.dtype, np.float32)))
        if self.k > len(memory):
            raise GraphError(f"k = {self.k} of {len(memory)} {self.source!r} rows: k is at most {len(memory)}")
        edge_type = (self.source, self.relation, self.target)
        try:
            index, attention = memory_top_k(query, memory, self.temperature, self.k, chunk_size=self.chunk_size)
        except GraphError as error:
            names = f"memory = {self.source}.{self.memory_state}, query = {self.target}.{self.state}"
            raise GraphError(f"{error} ({names})") from error
        column = torch.arange(len(query), device=index.device).repeat_interleave(self.k)
        result = set_pairs(data, edge_type, torch.stack([index.reshape(-1), column]), None)
        result[edge_type].attention = attention.reshape(-1).float()
        return result

    def __repr__(self) -> str:
        return (
            f"MemoryEdges({self.source!r}, {self.target!r}, k={self.k}, temperature={self.temperature}, "
            f"state={self.state!r}, relation={self.relation!r})"
        )


def dropped_mass(
    data: HeteroData, source: str, target: str, *, relation: str = "recalled"
) -> Float[Tensor, " num_targets"]:
    """Attention of each target node that its ``k`` edges leave out: 0 is an exact readout by edges.

    Shapes:
        → [n_target]

    Raises:
        GraphError: if the graph has no such edges with ``attention``.

    Example:
        >>> data = HeteroData(image_memory={"x": torch.eye(3)}, text={"x": torch.tensor([[0.9, 0.1, 0.0]])})
        >>> dropped_mass(MemoryEdges("image_memory", "text", k=2, temperature=0.5)(data), "image_memory", "text")
        tensor([0.1048])
    """
    edge_type = (source, relation, target)
    if edge_type not in data.edge_types or "attention" not in data[edge_type]:
        known = ", ".join("-".join(kind) for kind in data.edge_types) or "none"
        raise GraphError(f"no {'-'.join(edge_type)} edges with attention (the graph has {known})")
    edges = data[edge_type]
    kept = edges.attention.new_zeros(node_count(data, target))
    dropped: Tensor = 1 - kept.index_add(0, edges.edge_index[1], edges.attention)
    return dropped.clamp_min(0)


def _rows(data: HeteroData, node: str, attribute: str) -> Memory:
    value: object = node_attribute(data, node, attribute)
    if isinstance(value, Tensor | np.ndarray):
        return value
    raise GraphError(f"{node}.{attribute}: expected rows [n, d], got {type(value).__name__}")
