"""InfoNCE between two views (C-MCR, NeurIPS 2023, Eq. 1, 5 and 6; van den Oord et al., 2018)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.contrast._tiled_contrast import tiled_contrast
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
