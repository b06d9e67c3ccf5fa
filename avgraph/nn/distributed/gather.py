r"""Rows of all ranks as one batch, with the gradient of a run in one process.

Every rank r holds a copy :math:`\theta_r` of the parameters and works on its rows of a batch; what compares rows within
the batch has to see all of them. Rows are gathered, and every rank computes the same loss L of the whole batch.
`DistributedDataParallel` then gives every copy the mean over the ranks of the gradients g_r that they hold:

.. math::
    \frac1W \sum_r g_r = \frac{\mathrm{d} L}{\mathrm{d} \theta}
    \quad\text{if}\quad g_r = \frac{\partial}{\partial \theta_r} \sum_s L_s ,

where L_s is the loss as rank s computes it, all of them equal: the total derivative of ΣL_s along all copies at once is
W times that of L. So the gradient of what a rank gives to a collective operation is the *sum* of what all ranks find
for it. For rows that are gathered, and of which every rank makes the same, this sum is W times the rank's own slice,
and needs no message. Parameters behind the gathering (a ground metric, proxies) have the whole gradient on every rank,
and the mean leaves it. Both come out right with no scale on the loss.

Known ways to get it wrong, each of which a test shows to be wrong (tests/nn/test_distributed.py): the slice without
the factor W, which trains encoders at 1/W of their rate, and what lies behind them at the whole one; a loss of the own
rows against gathered rows without a gradient, which leaves out what the rows of others say; plain averages of losses
of shards, which compare within a shard only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.runtime.ranks import counts_of, own_shard, rank, shard_of, world_size


def gather_rows(rows: Tensor, sizes: int | Sequence[int]) -> Tensor:
    """The rows of all ranks, one rank's after the other's; with one process what is given.

    Differentiable, on condition that every rank makes the same of the result; see this file's derivation.

    Args:
        rows: of this rank, maybe none.
        sizes: how many each rank has, or how many there are in all where they are cut by `avgraph.runtime.ranks`.

    Shapes:
        rows [n_r, ...] → [Σ n_r, ...]

    Example:
        >>> gather_rows(torch.eye(2), 2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    world = world_size()
    if world == 1:
        return rows
    if isinstance(sizes, int):
        cuts = [shard_of(sizes, each, world) for each in range(world)]
        sizes = [cut.stop - cut.start for cut in cuts]
    gathered: Tensor = _Gather.apply(rows, tuple(sizes))
    return gathered


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, sizes: tuple[int, ...]) -> Tensor:
        own = rank()
        start = sum(sizes[:own])
        ctx.own, ctx.world = slice(start, start + sizes[own]), len(sizes)
        # Collective operations want one shape of all.
        padded = rows.new_zeros(max(sizes), *rows.shape[1:])
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(parts, padded)
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor, None]:
        return gradient[0][ctx.own] * ctx.world, None


def sum_over_ranks(x: Tensor) -> Tensor:
    """The sum over the ranks of a tensor of one shape, on every rank; its gradient is the sum of those of all ranks.

    Example:
        >>> sum_over_ranks(torch.ones(1))
        tensor([1.])
    """
    if world_size() == 1:
        return x
    total: Tensor = _Sum.apply(x)
    return total


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> Tensor:
        total = gradient[0].clone()
        dist.all_reduce(total)
        return total


def shared_rows(rows: Tensor, count: int) -> Tensor:
    """The rows of all ranks as `gather_rows` has them, of which every rank may make something else.

    The gradient of a row is the sum of what all ranks find for it, by a message of its own.

    Args:
        rows: of this rank, as `avgraph.runtime.ranks.own_rows` cuts them.
        count: of all.

    Shapes:
        rows [n_r, ...] → [count, ...]

    Example:
        >>> shared_rows(torch.eye(2), 2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    if world_size() == 1:
        return rows
    own = own_shard(count)
    before, after = (rows.new_zeros(size, *rows.shape[1:]) for size in (own.start, count - own.stop))
    return sum_over_ranks(torch.cat([before, rows, after]))


def mean_over_ranks(mean: Tensor, count: int) -> Tensor:
    """The mean over the rows of all ranks from each rank's own mean and number of rows, every one the same weight.

    Args:
        mean: over the rows of this rank, whatever it is where there are none.
        count: of these rows.

    Shapes:
        mean [...] → [...], 0 where no rank has a row

    Example:
        >>> mean_over_ranks(torch.tensor(3.0), 5)
        tensor(3.)
    """
    if world_size() == 1:
        return mean
    counts = counts_of(count)
    return gather_rows(mean[None] * (count / max(sum(counts), 1)), [1] * len(counts)).sum(0)
