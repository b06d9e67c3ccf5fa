"""The k highest of each row, ties by index: ``torch.topk`` leaves open which of equal values it returns."""

from __future__ import annotations

from jaxtyping import Float, Int64
from torch import Tensor


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
