"""The contrast of two views over a batch whose table of similarities is never held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.precision import full_precision


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
