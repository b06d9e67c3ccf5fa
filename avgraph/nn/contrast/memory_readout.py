"""Readout of a memory (Wang et al., "Connecting Multi-modal Contrastive Representations", NeurIPS 2023, Eq. 2)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.contrast.memory_rows import Memory, blocks_of, check_readout, chunks_of, row_lengths
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
        out, log_total = readout_forward(query, memory, chunk_size)
        keep_for_gradient(ctx, query, memory, out, log_total, chunk_size)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        return (*readout_gradient(ctx, gradient[0]), None)


def readout_forward(query: Tensor, memory: Memory, chunk_size: int | None) -> tuple[Tensor, Tensor]:
    """Softmax-weighted sums [b, d] and log Σ exp(score) [b, 1], by what is fastest on the device.

    Example:
        >>> readout_forward(torch.tensor([[0.0, 0.0]]), torch.eye(2), None)
        (tensor([[0.5000, 0.5000]]), tensor([[0.6931]]))
    """
    return (fused_forward if query.is_cpu else blocked_forward)(query, memory, chunk_size)


def keep_for_gradient(
    ctx: Any, query: Tensor, memory: Memory, out: Tensor, log_total: Tensor, chunk_size: int | None
) -> None:
    """Save what `readout_gradient` asks for."""
    is_tensor = isinstance(memory, Tensor)
    ctx.save_for_backward(query, out, log_total, *([memory] if is_tensor else []))
    ctx.memory, ctx.chunk_size = None if is_tensor else memory, chunk_size


def readout_gradient(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None]:
    """Gradients of query and memory, from what the forward pass has saved: the query, the sums, their logarithms."""
    query, out, log_total, *tensors = ctx.saved_tensors
    memory = tensors[0] if tensors else ctx.memory
    with full_precision(gradient) as (grad,):
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
    return of_query, of_memory


# Memory rows per call of the fused kernel. Time in that of the two bare products with one and two threads: 2048 rows
# .85 to .98, 1024 .88 to 1.03, 4096 .88 to 1.02, 16384 .85 to .99.
_FUSED_ROWS = 2048


def fused_forward(query: Tensor, memory: Memory, chunk_size: int | None) -> tuple[Tensor, Tensor]:
    """Softmax-weighted sums [b, d] and log Σ exp(score) [b, 1], by torch's flash attention for the CPU.

    The public `torch.nn.functional.scaled_dot_product_attention` calls the same kernel but keeps the logarithmic sums
    to itself, and without those chunks cannot be put together.

    Example:
        >>> memory = torch.eye(2)
        >>> fused_forward(torch.tensor([[0.0, 0.0]]), memory, None)
        (tensor([[0.5000, 0.5000]]), tensor([[0.6931]]))
    """
    out, log_total = torch.zeros_like(query), query.new_full((len(query), 1), -torch.inf)
    if not len(query):
        return out, log_total
    attention = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    for place, rows, unit, _ in chunks_of(memory, query, chunk_size or _FUSED_ROWS):
        parts = attention(query[None, None], unit[None, None], rows[None, None], scale=1.0)
        part, log_part = parts[0][0, 0], parts[1].reshape(-1, 1)
        if place.start == 0:
            out, log_total = part, log_part
            continue
        log_sum = torch.logaddexp(log_total, log_part)
        out.mul_((log_total - log_sum).exp_()).add_(part.mul_((log_part - log_sum).exp_()))
        log_total = log_sum
    return out, log_total


# Largest sum of weights of a chunk. Scores are shifted by the highest of the first chunk; later ones may exceed it by
# 34 before the sums are scaled anew. A search for the highest in every chunk took 2 % of the time.
_LARGEST = 1e15


def blocked_forward(query: Tensor, memory: Memory, chunk_size: int | None) -> tuple[Tensor, Tensor]:
    """The same by matrix products of blocks of the queries with chunks of the memory.

    Example:
        >>> blocked_forward(torch.tensor([[0.0, 0.0]]), torch.eye(2), None)
        (tensor([[0.5000, 0.5000]]), tensor([[0.6931]]))
    """
    out = torch.zeros_like(query)
    shift, total = (query.new_zeros(len(query), 1) for _ in range(2))
    buffer = query.new_empty(0, 0)  # one for all blocks: fresh pages cost time
    for place, rows, unit, _ in chunks_of(memory, query, chunk_size):
        for block in blocks_of(len(query)):
            part = query[block]
            if buffer.shape != (len(part), len(rows)):
                buffer = query.new_empty(len(part), len(rows))
            weight = torch.mm(part, unit.T, out=buffer)
            if place.start == 0:
                shift[block] = weight.amax(1, keepdim=True)
            mass = weight.sub_(shift[block]).exp_().sum(1, keepdim=True)
            if not mass.is_meta and bool((mass > _LARGEST).any()):
                _raise_shift(part, unit, weight, mass, shift[block], total[block], out[block])
            total[block] += mass
            out[block].addmm_(weight, rows)
    return out.div_(total), shift + total.log()


def _raise_shift(
    query: Tensor, unit: Tensor, weight: Tensor, mass: Tensor, shift: Tensor, total: Tensor, out: Tensor
) -> None:
    """Shift the queries whose sum is too large by their highest score in this chunk instead; all in place."""
    risen = (mass[:, 0] > _LARGEST).nonzero()[:, 0]
    score = query[risen] @ unit.T
    top = score.amax(1, keepdim=True)
    shrink = (shift[risen] - top).exp_()
    shift[risen], total[risen], out[risen] = top, total[risen] * shrink, out[risen] * shrink
    weight[risen] = score.sub_(top).exp_()
    mass[risen] = weight[risen].sum(1, keepdim=True)
