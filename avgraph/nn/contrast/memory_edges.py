"""Readout of a memory along edges (C-MCR, NeurIPS 2023, Eq. 2), exact where the whole memory's sum is given."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.contrast.memory_readout import readout_forward
from avgraph.nn.contrast.memory_rows import Memory, check_readout, row_lengths
from avgraph.nn.edges.incidence import Side, sides_of
from avgraph.nn.edges.segment import edge_softmax, gather_rows, segment_sum
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_tensors, finite


def memory_readout_edges(
    query: Tensor, memory: Tensor, edge_index: Tensor, temperature: float, *, log_total: Tensor | None = None
) -> Tensor:
    r"""`avgraph.nn.memory_readout` where each query sees the rows only that its edges come from.

    .. math::
        o_i = \sum_{k \to i} \alpha_{ki}\, m_k, \qquad
        \alpha_{ki} = \exp\bigl(\cos(q_i, m_k) / \tau - \log Z_i\bigr)

    Without ``log_total``, Z is the sum over a query's own edges: a softmax over them. With that of the whole memory
    (`memory_log_total`) the weights are those of the complete graph, and only what no edge brings is missing.

    Args:
        query, memory, temperature: see `avgraph.nn.memory_readout`.
        edge_index: (memory row, query).
        log_total: log Z of each query.

    Shapes:
        query [b, d], memory [n, d], edge_index [2, e], log_total [b] → [b, d]; a query without edges reads 0

    Raises:
        GraphError: as `avgraph.nn.memory_readout`, or if edges or totals do not fit.

    Example:
        >>> memory, edges = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0, 1, 0], [0, 0, 1]])
        >>> memory_readout_edges(torch.tensor([[1.0, 1.0], [2.0, 0.0]]), memory, edges, temperature=0.1)
        tensor([[0.5000, 0.5000],
                [1.0000, 0.0000]])
    """
    source, target = sides_of(edge_index, memory.shape[0], query.shape[0])
    with full_precision(query) as (wide,):
        rows = memory.to(wide)
        unit, scaled = unit_and_scaled(wide, rows, temperature, log_total)
        attention = attention_of(gather_rows(unit, source), gather_rows(scaled, target), target, log_total)
        out = segment_sum(attention[:, None] * gather_rows(rows, source), target)
        return finite(out, {"query": query, "memory": memory}).to(query.dtype)


def unit_and_scaled(
    query: Tensor, memory: Tensor, temperature: float, log_total: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Rows of the memory at length 1 and queries at length 1/τ, so that their product is cos/τ; checked.

    Raises:
        GraphError: if a row has no direction, or shapes do not fit.

    Example:
        >>> unit_and_scaled(torch.tensor([[0.0, 2.0]]), torch.tensor([[3.0, 4.0]]), 0.5, None)
        (tensor([[0.6000, 0.8000]]), tensor([[0., 2.]]))
    """
    check_readout(query, memory, temperature, None)
    if log_total is not None:
        check_tensors({"log_total": log_total})
        if log_total.shape != (query.shape[0],) or not log_total.is_floating_point():
            got = f"{log_total.dtype} {list(log_total.shape)}"
            raise GraphError(f"log_total: expected floating point [{query.shape[0]}], one a query, got {got}")
    return memory / row_lengths("memory", memory), query / row_lengths("query", query) / temperature


def attention_of(unit_j: Tensor, scaled_i: Tensor, target: Side, log_total: Tensor | None) -> Tensor:
    """Weight of each edge, from its memory row at length 1 and its query at length 1/τ.

    Shapes:
        unit_j, scaled_i [e, d] → [e]

    Example:
        >>> unit, target = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), Side.from_index(torch.tensor([0, 0]), 1)
        >>> attention_of(unit, torch.zeros(2, 2), target, None)
        tensor([0.5000, 0.5000])
    """
    score = (unit_j * scaled_i).sum(1)
    if log_total is None:
        return edge_softmax(score, target)
    return (score - log_total.to(score)[target.index]).exp()


@torch.no_grad()
def memory_log_total(query: Tensor, memory: Memory, temperature: float, *, chunk_size: int | None = None) -> Tensor:
    r"""log Σ_k exp(cos(q_i, m_k)/τ) over the whole memory, streamed: what makes the readout along a few edges exact.

    Args:
        query, memory, temperature, chunk_size: see `avgraph.nn.memory_readout`.

    Shapes:
        query [b, d], memory [n, d] → [b], without gradient

    Raises:
        GraphError: as `avgraph.nn.memory_readout`.

    Example:
        >>> memory_log_total(torch.tensor([[1.0, 0.0]]), torch.eye(2), temperature=1.0).exp()  # e + 1
        tensor([3.7183])
    """
    check_readout(query, memory, temperature, chunk_size)
    with full_precision(query.detach()) as (wide,):
        scaled = wide / row_lengths("query", wide) / temperature
        return readout_forward(scaled, memory, chunk_size)[1][:, 0]
