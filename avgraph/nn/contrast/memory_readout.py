"""Readout of a memory (Wang et al., "Connecting Multi-modal Contrastive Representations", NeurIPS 2023, Eq. 2)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.contrast._memory_rows import Memory, blocks_of, check_readout, chunks_of, row_lengths
from avgraph.nn.contrast._readout_forward import blocked_forward, fused_forward
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import finite


def memory_readout(query: Tensor, memory: Memory, temperature: float, *, chunk_size: int | None = None) -> Tensor:
    r"""What a memory of another modality holds for each query: its rows, weighted by similarity.

    .. math::
        o_i = \sum_k \operatorname{softmax}_k\bigl(\cos(q_i, m_k) / \tau\bigr)\, m_k

    Exact over the whole memory, forward and backward, and streamed: the weights [b, n] are never held, and the sums of
    the chunks are put together by their logarithmic weights. It is attention over the edges (memory, recalled, query)
    of a complete graph; `avgraph.transforms.MemoryEdges` writes the strongest of them. The sum is over the rows as
    they are, usually unit, and is not normalised.

    Args:
        query: computed in its type, at least float32; so is the memory.
        memory: a tensor, or an array that may be mapped from a file (`avgraph.io.arrays.read_array`) and in
            float16: it is read a chunk at a time. A tensor may require a gradient.
        temperature: τ; the paper takes .01.
        chunk_size: memory rows at a time; changes the memory taken, not the result.

    Shapes:
        query [b, d], memory [n, d] → [b, d]

    Raises:
        GraphError: if widths differ, a row is zero or not finite (by name), or τ is not above 0.

    Example:
        >>> memory = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> memory_readout(torch.tensor([[1.0, 1.0], [2.0, 0.0]]), memory, temperature=0.1)
        tensor([[5.0000e-01, 5.0000e-01],
                [9.9995e-01, 4.5398e-05]])
    """
    check_readout(query, memory, temperature, chunk_size)
    with full_precision(query) as (wide,):
        unit = wide / row_lengths("query", wide)
        out: Tensor = _Readout.apply(unit / temperature, memory, chunk_size)
        named = {"query": query, "1/temperature": torch.tensor(1 / temperature)}
        return finite(out, named).to(query.dtype)


class _Readout(torch.autograd.Function):
    """Softmax over all chunks; the backward pass computes the weights again, from their logarithmic sums."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, memory: Memory, chunk_size: int | None) -> Tensor:
        out, log_total = (fused_forward if query.is_cpu else blocked_forward)(query, memory, chunk_size)
        is_tensor = isinstance(memory, Tensor)
        ctx.save_for_backward(query, out, log_total, *([memory] if is_tensor else []))
        ctx.memory, ctx.chunk_size = None if is_tensor else memory, chunk_size
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, out, log_total, *tensors = ctx.saved_tensors
        memory = tensors[0] if tensors else ctx.memory
        with full_precision(gradient[0]) as (grad,):
            mean = (grad * out).sum(1, keepdim=True)
            of_query = torch.zeros_like(query)
            of_memory = torch.empty_like(memory) if ctx.needs_input_grad[1] else None
            for place, rows, unit, length in chunks_of(memory, query, ctx.chunk_size):
                of_rows, of_unit = torch.zeros_like(rows), torch.zeros_like(rows)
                for block in blocks_of(len(query)):
                    weight = (query[block] @ unit.T).sub_(log_total[block]).exp_()
                    if of_memory is not None:
                        of_rows.addmm_(weight.T, grad[block])
                    pull = (grad[block] @ rows.T).sub_(mean[block]).mul_(weight)
                    of_query[block].addmm_(pull, unit)
                    if of_memory is not None:
                        of_unit.addmm_(pull.T, query[block])
                if of_memory is not None:
                    # Scaling to length 1 takes no part of a change along the row.
                    of_unit -= (of_unit * unit).sum(1, keepdim=True) * unit
                    of_memory[place] = of_rows + of_unit / length
        return of_query, of_memory, None
