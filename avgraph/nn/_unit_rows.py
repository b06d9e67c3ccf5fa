"""Rows of length 1."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors import check_tensors


def unit_rows(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """``x`` scaled to rows of length 1; a row of zeros stays zero, with gradient 0.

    ``torch.nn.functional.normalize`` divides such a row by 1e-12, which makes its gradient explode.

    Example:
        >>> unit_rows(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    # Divided by its largest entry first: the square of a very large or very small number is lost.
    largest = x.detach().abs().amax(1, keepdim=True)
    scaled = x / torch.where(largest > 0, largest, 1)
    square = scaled.square().sum(1, keepdim=True)
    # Asked so that NaN stays NaN.
    return torch.where(square == 0, 0, scaled / torch.where(square > 0, square, 1).sqrt())


def check_two_views(x: Tensor, y: Tensor) -> None:
    """Refuse what is no two views of one batch.

    Raises:
        GraphError: if ``x`` and ``y`` are no two [b, d] of floating point with b above 0.

    Example:
        >>> check_two_views(torch.zeros(2, 3), torch.zeros(2, 4))
        Traceback (most recent call last):
        avgraph.errors.GraphError: x, y: expected two [b, d] of one shape, got [2, 3] and [2, 4]
    """
    check_tensors({"x": x, "y": y})
    if x.dim() != 2 or x.shape != y.shape or not len(x):
        raise GraphError(f"x, y: expected two [b, d] of one shape, got {list(x.shape)} and {list(y.shape)}")
    if not (x.is_floating_point() and y.is_floating_point()):
        raise GraphError(f"x, y: expected floating point, got {x.dtype} and {y.dtype}")
