"""Readout of a memory as a PyG layer over the edges (memory, recalled, query)."""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.contrast.memory_edges import attention_of, memory_readout_edges, unit_and_scaled
from avgraph.nn.contrast.memory_readout import memory_readout
from avgraph.nn.contrast.memory_rows import Memory
from avgraph.nn.edges.complete import complete_edges
from avgraph.nn.edges.hooked_steps import HookedSteps
from avgraph.nn.edges.incidence import Side, sides_of
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_temperature, finite

Weighted = tuple[Tensor, tuple[Tensor, Tensor]]


class MemoryConv(HookedSteps):
    r"""Attention of queries to the rows of a memory, without parameters: softmax of cosine similarities, then the sum.

    .. math::
        o_i = \sum_{k \to i} \operatorname{softmax}_k\bigl(\cos(q_i, m_k) / \tau\bigr)\, m_k

    Without ``edge_index`` the graph is complete and streamed (`avgraph.nn.memory_readout`); along edges it is
    `avgraph.nn.memory_readout_edges`. With a hook on a step or an explainer the edges of either are taken one by one:
    ``edge_update`` gives the attention, ``message`` what it sends.

    Args:
        temperature: τ.
        chunk_size: memory rows at a time on the complete graph.

    Shapes:
        x [n, d] or (memory [n, d], query [b, d]), edge_index [2, e] → [b, d]

    Raises:
        GraphError: as the two functions.

    Example:
        >>> import torch
        >>> memory, query = torch.eye(2), torch.tensor([[1.0, 1.0], [2.0, 0.0]])
        >>> conv = MemoryConv(temperature=0.1)
        >>> out, (edge_index, attention) = conv(
        ...     (memory, query), torch.tensor([[0, 1, 0], [0, 0, 1]]), return_attention_weights=True)
        >>> out, attention
        (tensor([[0.5000, 0.5000],
                [1.0000, 0.0000]]), tensor([0.5000, 0.5000, 1.0000]))
    """

    def __init__(self, temperature: float, *, chunk_size: int | None = None) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature, self.chunk_size = temperature, chunk_size

    @overload
    def forward(
        self,
        x: Tensor | tuple[Memory, Tensor],
        edge_index: Tensor | None = None,
        *,
        log_total: Tensor | None = None,
        return_attention_weights: Literal[False] | None = None,
    ) -> Tensor: ...

    @overload
    def forward(
        self,
        x: Tensor | tuple[Memory, Tensor],
        edge_index: Tensor | None = None,
        *,
        log_total: Tensor | None = None,
        return_attention_weights: Literal[True],
    ) -> Weighted: ...

    def forward(
        self,
        x: Tensor | tuple[Memory, Tensor],
        edge_index: Tensor | None = None,
        *,
        log_total: Tensor | None = None,
        return_attention_weights: bool | None = None,
    ) -> Tensor | Weighted:
        """What every query reads.

        Args:
            x: memory and queries, or one set that is both; a memory mapped from a file only without ``edge_index``.
            edge_index: (memory row, query); None joins every row with every query.
            log_total: of each query, from `avgraph.nn.memory_log_total` [b]: edges then weigh as in the complete graph.
            return_attention_weights: also (edge_index, weight of each edge) as in PyG, of all pairs without
                ``edge_index``, by rows of the memory.
        """
        memory, query = (x, x) if isinstance(x, Tensor) else x
        if edge_index is None and self.runs_fused() and not return_attention_weights and log_total is None:
            return memory_readout(query, memory, self.temperature, chunk_size=self.chunk_size)
        if isinstance(memory, np.ndarray):
            raise GraphError("memory: expected a tensor along edges, got an array; leave edge_index out to stream it")
        if edge_index is None:
            edge_index = complete_edges(memory.shape[0], query.shape[0], device=query.device)
        if self.runs_fused() and not return_attention_weights:
            return memory_readout_edges(query, memory, edge_index, self.temperature, log_total=log_total)
        size, target = (memory.shape[0], query.shape[0]), sides_of(edge_index, memory.shape[0], query.shape[0])[1]
        with full_precision(query) as (wide,):
            rows = memory.to(wide)
            ends = unit_and_scaled(wide, rows, self.temperature, log_total)
            attention = self.edge_updater(edge_index, x=ends, target=target, log_total=log_total)
            out = self.propagate(edge_index, x=(rows, wide), attention=attention, size=size)
            out = finite(out, {"query": query, "memory": memory}).to(query.dtype)
        return (out, (edge_index, attention)) if return_attention_weights else out

    def edge_update(self, x_j: Tensor, x_i: Tensor, target: Side, log_total: Tensor | None) -> Tensor:
        """PyG's step of one edge: its attention."""
        return attention_of(x_j, x_i, target, log_total)

    def message(self, x_j: Tensor, attention: Tensor) -> Tensor:
        """A memory row, as much as the query attends to it."""
        return attention[:, None] * x_j

    def __repr__(self) -> str:
        return f"MemoryConv(temperature={self.temperature})"
