"""Readout of a memory whose rows are split over ranks (C-MCR, NeurIPS 2023, Eq. 2)."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.contrast.memory_readout import (
    keep_for_gradient,
    memory_readout,
    readout_forward,
    readout_gradient,
)
from avgraph.nn.contrast.memory_rows import Memory, check_readout, row_lengths
from avgraph.nn.precision import full_precision
from avgraph.runtime.ranks import world_size
from avgraph.tensors.checks import finite


def sharded_memory_readout(
    query: Tensor, shard: Memory, temperature: float, *, chunk_size: int | None = None
) -> Tensor:
    r"""`avgraph.nn.memory_readout` over the rows that all ranks hold together, each its own shard of them.

    With o and s the readout of a shard and the logarithm of its sum of weights:

    .. math::
        o = \sum_r e^{s_r - s} o_r, \quad s = \log \sum_r e^{s_r}

    Three messages of the size of the result, whatever the size of the memory.

    Args:
        query: the same on every rank.
        shard: rows of the memory that this rank holds, maybe none, as long as one rank has some.
        temperature: τ.
        chunk_size: memory rows at a time.

    Shapes:
        query [b, d], shard [n_r, d] → [b, d], the same on every rank; so is its gradient to be, as of a loss that all
        ranks compute. The gradient of the query is then the whole one everywhere, that of a shard is of its rows.

    Raises:
        GraphError: as `avgraph.nn.memory_readout`.

    Example:
        >>> sharded_memory_readout(torch.tensor([[1.0, 1.0]]), torch.eye(2), temperature=0.1)
        tensor([[0.5000, 0.5000]])
    """
    if world_size() == 1:
        return memory_readout(query, shard, temperature, chunk_size=chunk_size)
    if len(shard):
        check_readout(query, shard, temperature, chunk_size)
    with full_precision(query) as (wide,):
        unit = wide / row_lengths("query", wide)
        out: Tensor = _ShardedReadout.apply(unit / temperature, shard, chunk_size)
        return finite(out, {"query": query}).to(query.dtype)


class _ShardedReadout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, memory: Memory, chunk_size: int | None) -> Tensor:
        if len(memory):
            out, log_part = readout_forward(query, memory, chunk_size)
        else:
            out, log_part = torch.zeros_like(query), query.new_full((len(query), 1), -torch.inf)
        top = log_part.clone()
        dist.all_reduce(top, dist.ReduceOp.MAX)
        total = (log_part - top).exp()
        dist.all_reduce(total)
        log_total = top + total.log()
        out = out * (log_part - log_total).exp()
        dist.all_reduce(out)
        keep_for_gradient(ctx, query, memory, out, log_total, chunk_size)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        of_query, of_memory = readout_gradient(ctx, gradient[0])
        dist.all_reduce(of_query)
        return of_query, of_memory, None
