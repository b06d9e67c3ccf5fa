"""Similarities that are equal where the rows are: ties that rounding does not break."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


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
