"""What is done to rows of features: one scale for every column, length 1, products in which equal rows tie."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
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
    mean, deviation = column_scale(x, rows, added=added, correction=correction)
    return (x - mean) / deviation


def column_scale(
    x: Float[Tensor, "n d"],
    rows: Tensor | None = None,
    *,
    added: float | None = None,
    correction: int = 0,
) -> tuple[Float[Tensor, " d"], Float[Tensor, " d"]]:
    """What `standardized` takes off every column and divides it by, to be kept for rows that come later.

    Example:
        >>> import torch
        >>> column_scale(torch.tensor([[1.0], [3.0]]))
        (tensor([2.]), tensor([1.]))
    """
    seen = x if rows is None else x[rows]
    varies = len(seen) > correction  # of a single row, as of a relation with one edge, nothing is known
    deviation = seen.std(0, correction=correction) if varies else torch.zeros_like(x[:0].sum(0))
    return seen.mean(0), deviation.where(deviation > 0, 1) if added is None else deviation + added


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


def unit_rows_of(x: Tensor) -> Tensor:
    """As `unit_rows`, but in double precision and without gradient, for metrics.

    Example:
        >>> unit_rows_of(torch.tensor([[3e38, 0.0], [0.0, 1e-41]])).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    x = x.detach().double()
    if not x.numel():
        return x
    largest = x.abs().amax(1, keepdim=True)
    return F.normalize(x / torch.where(largest > 0, largest, 1.0))


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
