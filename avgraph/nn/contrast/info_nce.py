"""InfoNCE between two views (C-MCR, NeurIPS 2023, Eq. 1, 5 and 6; van den Oord et al., 2018)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.contrast.unit_rows import check_two_views
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_temperature, finite
from avgraph.tensors.rows import unit_rows

# Rows of a batch from which on the table of similarities is not held. On the CPU a tile of float32 is 4 MiB and stays
# in the cache: batch 10,240, two threads, forward and backward 3.6 to 4.2 s against 9.5 s with the table; tiles of 512
# and 2048 rows cost the same. The number for GPUs bounds the memory (256 MiB a tile) and was never measured.
_TILE, _TILE_OF_A_GPU = 1024, 8192
# Bytes up to which the tiles are kept for the backward pass (a batch of 11,585 in float32). One thread, batch 10,240,
# forward and backward: 1.17 × the time of the three bare products, 1.5 × where the tiles are computed again.
_KEPT = 2**29


def info_nce(x: Tensor, y: Tensor, temperature: float) -> Float[Tensor, ""]:
    r"""Row i of one view is to find row i of the other among the batch, in both directions.

    .. math::
        -\frac{1}{2b} \sum_i \Bigl[\log \frac{e^{\cos(x_i, y_i)/\tau}}{\sum_j e^{\cos(x_i, y_j)/\tau}}
        + \log \frac{e^{\cos(x_i, y_i)/\tau}}{\sum_j e^{\cos(x_j, y_i)/\tau}}\Bigr]

    Beyond 1024 rows (8192 on a GPU) by tiles: memory grows with b, and not with its square, but for at most 512 MiB of
    tiles that are kept where they fit. Always in at least single precision.

    Args:
        x, y: two views; their rows need not be unit.
        temperature: τ; the paper takes .01.

    Shapes:
        x, y [b, d] → scalar

    Raises:
        GraphError: if shapes differ, τ is not above 0 or so small that 1/τ overflows, or a number is not finite.

    Example:
        >>> info_nce(torch.eye(2), torch.eye(2), temperature=1.0)  # log(1 + 1/e)
        tensor(0.3133)
    """
    check_two_views(x, y)
    check_temperature(temperature)
    with full_precision(x, y) as (x, y):
        given = {"x": x, "y": y, "1/temperature": torch.tensor(1 / temperature)}
        x, y = unit_rows(x) / temperature, unit_rows(y)
        tile = _TILE if x.is_cpu else _TILE_OF_A_GPU
        if len(x) > tile:
            return finite(tiled_contrast(x, y, tile), given)
        similarity = x @ y.T
        among_y, among_x = (torch.logsumexp(similarity, dim).mean() for dim in (1, 0))
        return finite((among_y + among_x) / 2 - similarity.diagonal().mean(), given)


def tiled_contrast(x: Float[Tensor, "b d"], y: Float[Tensor, "b d"], tile: int) -> Float[Tensor, ""]:
    r"""Mean of ½ log Σ_j exp(x_i · y_j) + ½ log Σ_j exp(x_j · y_i) − x_i · y_i, by tiles of the table.

    A table above 512 MiB is computed again by the backward pass: four products [b, d] × [d, b] in place of three, but
    the other passes over it stay in the cache and take no memory. Differentiable once; at least single precision.

    Shapes:
        x, y [b, d] → scalar

    Example:
        >>> tiled_contrast(torch.eye(2), torch.eye(2), tile=1)  # log(1 + 1/e)
        tensor(0.3133)
    """
    with full_precision(x, y) as (x, y):
        loss: Tensor = _TiledContrast.apply(x, y, tile)
        return loss


class _TiledContrast(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, tile: int) -> Tensor:
        among_y, among_x = (x.new_full((len(x),), -torch.inf) for _ in range(2))
        keep, kept = len(x) ** 2 * x.element_size() <= _KEPT, []
        for (rows, columns), score in zip(_places(x, tile), _scores(x, y, tile, keep=keep), strict=True):
            among_y[rows] = torch.logaddexp(among_y[rows], score.logsumexp(1))
            among_x[columns] = torch.logaddexp(among_x[columns], score.logsumexp(0))
            kept += [score] if keep else []
        ctx.save_for_backward(x, y, among_y, among_x, *kept)
        ctx.tile = tile
        return (among_y.mean() + among_x.mean()) / 2 - (x * y).sum(1).mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, y, among_y, among_x, *kept = ctx.saved_tensors
        of_x, of_y = torch.zeros_like(x), torch.zeros_like(y)
        buffers = x.new_empty(2, min(ctx.tile, len(x)) ** 2)
        with full_precision(x):
            scores = kept or _scores(x, y, ctx.tile, keep=False)
            for (rows, columns), score in zip(_places(x, ctx.tile), scores, strict=True):
                weight, other = (buffer[: score.numel()].view_as(score) for buffer in buffers)
                torch.sub(score, among_y[rows, None], out=weight).exp_()
                weight += torch.sub(score, among_x[columns], out=other).exp_()
                of_x[rows].addmm_(weight, y[columns])
                of_y[columns].addmm_(weight.T, x[rows])
        share = gradient[0] / len(x)
        return of_x.div_(2).sub_(y).mul_(share), of_y.div_(2).sub_(x).mul_(share), None


def _places(x: Tensor, tile: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of every tile."""
    parts = [slice(start, min(start + tile, len(x))) for start in range(0, len(x), tile)]
    return product(parts, parts)


def _scores(x: Tensor, y: Tensor, tile: int, *, keep: bool) -> Iterator[Tensor]:
    """The scores of every tile, overwritten by the next unless they are to be kept."""
    buffer = x.new_empty(0 if keep else min(tile, len(x)) ** 2)
    for rows, columns in _places(x, tile):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        out = x.new_empty(height, width) if keep else buffer[: height * width].view(height, width)
        yield torch.mm(x[rows], y[columns].T, out=out)
