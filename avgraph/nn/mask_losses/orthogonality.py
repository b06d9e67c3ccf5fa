"""Private and shared codes that say different things (Bousmalis et al., "Domain Separation Networks", NeurIPS 2016)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors import check_tensors, finite


def orthogonality(x: Tensor, y: Tensor) -> Float[Tensor, ""]:
    r"""Mean square of the products of every dimension of one code with every dimension of another.

    .. math::
        \operatorname{mean}_{jk} \Bigl(\sum_i \hat x_{ij} \hat y_{ik}\Bigr)^2

    Codes are centred over the batch, then their rows are scaled to length 1 (a row at the centre stays 0). 0 where no
    dimension of one goes along with one of the other; it grows with the square of the batch.

    Args:
        x, y: codes of the same rows; a batch of one row is its own centre, and gives 0.

    Shapes:
        x [n, d], y [n, c] → scalar

    Raises:
        GraphError: if they are no rows of one number, or a number is not finite.

    Example:
        >>> x = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
        >>> orthogonality(x, x), orthogonality(x, torch.tensor([[1.0], [1.0], [-1.0], [-1.0]]))
        (tensor(16.), tensor(0.))
    """
    check_tensors({"x": x, "y": y})
    if x.dim() != 2 or y.dim() != 2 or len(x) != len(y) or not x.numel() or not y.numel():
        raise GraphError(f"x, y: expected [n, d] and [n, c], got {list(x.shape)} and {list(y.shape)}")
    if not (x.is_floating_point() and y.is_floating_point()):
        raise GraphError(f"x, y: expected floating point, got {x.dtype} and {y.dtype}")
    with full_precision(x, y) as (x, y):
        return finite((_centred_units(x).T @ _centred_units(y)).square().mean(), {"x": x, "y": y})


def _centred_units(x: Tensor) -> Tensor:
    # In units of the largest number, whose square could overflow or vanish.
    largest = x.detach().abs().max()
    x = x / torch.where(largest > 0, largest, 1)
    centred = x - x.mean(0)
    # Rounding leaves a rest at the centre, which is no direction: a row of that size keeps its small length.
    return centred / (centred.square().sum(1, keepdim=True) + 1e-12).sqrt()
