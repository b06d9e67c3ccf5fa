"""The strongest entries of rows: of a score table, and of a memory with their exact attention, streamed."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from avgraph.nn.contrast.memory_rows import Memory, blocks_of, check_readout, chunks_of, row_lengths
from avgraph.nn.precision import full_precision


@torch.no_grad()
def memory_top_k(
    query: Tensor, memory: Memory, temperature: float, k: int, *, chunk_size: int | None = None
) -> tuple[Int64[Tensor, "b k"], Float[Tensor, "b k"]]:
    r"""Rows with the highest softmax_k(cos(q_i, m_k) / τ), normalised over the *whole* memory.

    The weights `avgraph.nn.memory_readout` sums with, by descending weight. Beside a chunk it holds the best
    ``k`` so far and the logarithmic sum of all. Equal weights go by index; those of equal rows may differ in their last
    digit, so that any of them may come first.

    Shapes:
        query [b, d], memory [n, d], 1 ≤ k ≤ n → index [b, k], attention [b, k]

    Raises:
        GraphError: as `avgraph.nn.memory_readout`.

    Example:
        >>> index, attention = memory_top_k(torch.tensor([[1.0, 0.0]]), torch.eye(2), temperature=1.0, k=1)
        >>> index, attention  # e / (e + 1)
        (tensor([[0]]), tensor([[0.7311]]))
    """
    check_readout(query, memory, temperature, chunk_size)
    with full_precision(query.detach()) as (wide,):
        return _streamed(wide / row_lengths("query", wide) / temperature, memory, k, chunk_size)


def _streamed(
    scaled: Tensor, memory: Memory, k: int, chunk_size: int | None
) -> tuple[Int64[Tensor, "b k"], Float[Tensor, "b k"]]:
    log_total = scaled.new_full((len(scaled), 1), -torch.inf)
    best = scaled.new_full((len(scaled), k), -torch.inf)
    index = torch.zeros(len(scaled), k, dtype=torch.int64, device=scaled.device)
    for place, _, unit, _ in chunks_of(memory, scaled, chunk_size):
        for block in blocks_of(len(scaled)):
            score = scaled[block] @ unit.T
            log_total[block] = torch.logaddexp(log_total[block], score.logsumexp(1, keepdim=True))
            column, value = stable_top_k(score, min(k, len(unit)))
            # Earlier rows first: among equals the lower index stays.
            values = torch.cat([best[block], value], dim=1)
            indices = torch.cat([index[block], column + place.start], dim=1)
            kept, best[block] = stable_top_k(values, k)
            index[block] = indices.gather(1, kept)
    return index, (best - log_total).exp()


def stable_top_k(score: Float[Tensor, "n m"], k: int) -> tuple[Int64[Tensor, "n k"], Float[Tensor, "n k"]]:
    """Columns and values of the ``k`` highest scores per row, by descending score, then ascending column.

    Equal to a stable descending sort cut after ``k``. Only the rows whose k-th value also occurs outside the
    top k are sorted in full.

    Shapes:
        score [n, m] without NaN, 1 ≤ k ≤ m → index [n, k], value [n, k].

    Example:
        >>> import torch
        >>> stable_top_k(torch.tensor([[1.0, 2.0, 2.0, 2.0]]), 2)[0]
        tensor([[1, 2]])
    """
    value, index = score.topk(k, dim=1)
    # Within the top k: first by column, then stably by score.
    index, order = index.sort(dim=1)
    value, order = value.gather(1, order).sort(dim=1, descending=True, stable=True)
    index = index.gather(1, order)
    contested = (score >= value[:, -1:]).sum(dim=1) > k
    if contested.any():
        ordered = score[contested].sort(dim=1, descending=True, stable=True)
        index[contested], value[contested] = ordered.indices[:, :k], ordered.values[:, :k]
    return index, value
