"""What is done to rows of features: one scale for every column, products in which equal rows tie."""

from __future__ import annotations

from collections.abc import Callable

import torch
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


def products_with(rows: Tensor) -> Callable[[Tensor], Tensor]:
    """The function x → x @ rows.T in which equal rows have equal columns.

    A matrix product may round the same dot product differently in different columns of its result.

    Shapes:
        rows [m, d]; the function: x [n, d] → [n, m]

    Example:
        >>> product = products_with(torch.tensor([[0.1, 0.7], [0.1, 0.7]]))
        >>> one, other = product(torch.tensor([[0.3, 0.2]]))[0]
        >>> bool(one == other)
        True
    """
    distinct, column = torch.unique(rows, dim=0, return_inverse=True)
    if len(distinct) == len(rows):
        return lambda x: x @ rows.T
    return lambda x: (x @ distinct.T)[:, column]
