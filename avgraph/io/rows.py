"""What is done to rows of features before anything learns from them."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def standardized(
    x: Float[Tensor, "n d"],
    rows: Tensor | None = None,
    *,
    added: float | None = None,
    correction: int = 0,
) -> Float[Tensor, "n d"]:
    """``x`` with mean 0 and deviation 1 of every column over ``rows``.

    Args:
        x: the features.
        rows: the rows that mean and deviation are of, as a mask or as numbers; all if not given.
        added: to the deviation, so that a nearly constant column stays small. If not given, a column that is constant
            over ``rows`` keeps its scale, and every other one has deviation 1 exactly.
        correction: 1 divides the squares by one row less.

    Shapes:
        x [n, d], rows [n] (bool) or [k] → [n, d]

    Example:
        >>> import torch
        >>> x = torch.tensor([[1.0, 5.0], [3.0, 5.0], [9.0, 6.0]])
        >>> standardized(x, torch.tensor([0, 1]))
        tensor([[-1.,  0.],
                [ 1.,  0.],
                [ 7.,  1.]])
    """
    seen = x if rows is None else x[rows]
    deviation = seen.std(0, correction=correction)
    deviation = deviation.where(deviation > 0, 1) if added is None else deviation + added
    return (x - seen.mean(0)) / deviation
