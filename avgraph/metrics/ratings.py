"""Errors of predicted numbers."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def mean_absolute_error(predicted: Float[Tensor, " n"], rating: Float[Tensor, " n"]) -> float:
    r"""Mean of ``|r̂ - r|``, in the unit of the ratings; least at the median. NaN without rows.

    Shapes:
        predicted [n], rating [n]

    Example:
        >>> import torch
        >>> mean_absolute_error(torch.tensor([1.0, 4.0]), torch.tensor([2.0, 2.0]))
        1.5
    """
    return float((predicted.double() - rating.double()).abs().mean())


def root_mean_squared_error(predicted: Float[Tensor, " n"], rating: Float[Tensor, " n"]) -> float:
    r"""Root of the mean of (r̂ - r)², in the unit of the ratings; least at the mean. NaN without rows.

    Shapes:
        predicted [n], rating [n]

    Example:
        >>> import torch
        >>> root_mean_squared_error(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 2.0]))
        1.0
    """
    return float((predicted.double() - rating.double()).square().mean().sqrt())
