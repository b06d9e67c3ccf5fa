"""InfoNCE between two views (C-MCR, NeurIPS 2023, Eq. 1, 5 and 6; van den Oord et al., 2018)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.errors import GraphError
from avgraph.nn.contrast.unit_rows import check_two_views
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import finite
from avgraph.tensors.rows import unit_rows

# Rows of a batch from which on the table of similarities is not held. On the CPU a tile of float32 is 4 MiB and stays
# in the cache: batch 10,240, two threads, forward and backward 3.6 to 4.2 s against 9.5 s with the table; tiles of 512
# and 2048 rows cost the same. The number for GPUs bounds the memory (256 MiB a tile) and was never measured.
_TILE, _TILE_OF_A_GPU = 1024, 8192


def info_nce(x: Tensor, y: Tensor, temperature: float) -> Float[Tensor, ""]:
    r"""Row i of one view is to find row i of the other among the batch, in both directions.

    .. math::
        -\frac{1}{2b} \sum_i \Bigl[\log \frac{e^{\cos(x_i, y_i)/\tau}}{\sum_j e^{\cos(x_i, y_j)/\tau}}
        + \log \frac{e^{\cos(x_i, y_i)/\tau}}{\sum_j e^{\cos(x_j, y_i)/\tau}}\Bigr]

    Beyond 1024 rows (8192 on a GPU) by tiles, so that memory grows with b and not with its square. Always in at least
    single precision.

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
    if not 0 < temperature < float("inf"):
        raise GraphError(f"temperature: expected a number above 0, got {temperature}")
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

    The backward pass computes the tiles again: four products [b, d] × [d, b] in place of three, but the other passes
    over the table stay in the cache and take no memory. Differentiable once; at least single precision.

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
        for rows, columns, score in _tiles(x, y, tile):
            among_y[rows] = torch.logaddexp(among_y[rows], score.logsumexp(1))
            among_x[columns] = torch.logaddexp(among_x[columns], score.logsumexp(0))
        ctx.save_for_backward(x, y, among_y, among_x)
        ctx.tile = tile
        return (among_y.mean() + among_x.mean()) / 2 - (x * y).sum(1).mean()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, y, among_y, among_x = ctx.saved_tensors
        of_x, of_y = torch.zeros_like(x), torch.zeros_like(y)
        with full_precision(x):
            for rows, columns, score in _tiles(x, y, ctx.tile):
                weight = (score - among_y[rows, None]).exp_()
                weight += score.sub_(among_x[columns]).exp_()
                of_x[rows].addmm_(weight, y[columns])
                of_y[columns].addmm_(weight.T, x[rows])
        share = gradient[0] / len(x)
        return of_x.div_(2).sub_(y).mul_(share), of_y.div_(2).sub_(x).mul_(share), None


def _tiles(x: Tensor, y: Tensor, tile: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """Rows, columns and scores of every tile; the scores are overwritten by the next."""
    parts = [slice(start, min(start + tile, len(x))) for start in range(0, len(x), tile)]
    buffer = x.new_empty(min(tile, len(x)) ** 2)
    for rows in parts:
        for columns in parts:
            height, width = rows.stop - rows.start, columns.stop - columns.start
            out = buffer[: height * width].view(height, width)
            yield rows, columns, torch.mm(x[rows], y[columns].T, out=out)
