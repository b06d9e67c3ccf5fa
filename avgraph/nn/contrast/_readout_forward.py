"""The sums of a memory readout and the logarithms of their weights, streamed: on the CPU, and on other devices."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn.contrast._memory_rows import Memory, blocks_of, chunks_of

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
            if bool((mass > _LARGEST).any()):
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
