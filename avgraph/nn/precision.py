"""The type that losses and couplings are computed in: at least single precision, under autocast too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor


def at_least_single(x: Tensor) -> Tensor:
    """``x`` in float32 if it has half precision, as it is if it has more.

    Example:
        >>> at_least_single(torch.ones(1, dtype=torch.bfloat16)).dtype, at_least_single(torch.ones(1).double()).dtype
        (torch.float32, torch.float64)
    """
    return x.to(torch.promote_types(x.dtype, torch.float32))


@contextmanager
def full_precision(*x: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Switch autocast off for the block; yields the tensors in one type, of at least single precision.

    A distance of near points and a similarity divided by a temperature of .01 have no digits left in half precision:
    with bfloat16 half of the pairs at distance .02 would cost 0, without a gradient.

    Example:
        >>> with torch.autocast("cpu", torch.bfloat16), full_precision(torch.ones(1, 1)) as (x,):
        ...     (x @ x).dtype
        torch.float32
    """
    dtype = torch.float32
    for one in x:
        dtype = torch.promote_types(dtype, one.dtype)
    # The meta device, which has shapes and no numbers, knows no autocast.
    with nullcontext() if x[0].is_meta else torch.autocast(x[0].device.type, enabled=False):
        yield tuple(one.to(dtype) for one in x)
