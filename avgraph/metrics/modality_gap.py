"""How far apart two modalities lie in a shared space (Liang et al., "Mind the Gap", NeurIPS 2022)."""

from __future__ import annotations

from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_tensors
from avgraph.tensors.rows import unit_rows_of


def modality_gap(x: Tensor, y: Tensor) -> float:
    r"""Distance of the centres of unit rows, ‖mean x/‖x‖ − mean y/‖y‖‖: 0 where both modalities fill one region.

    Shapes:
        x [n, d], y [m, d] → number from 0 to 2

    Raises:
        GraphError: if shapes disagree, a side is empty or a value is not finite.

    Example:
        >>> import torch
        >>> modality_gap(torch.tensor([[3.0, 0.0]]), torch.tensor([[-1.0, 0.0]]))
        2.0
    """
    check_tensors({"x": x, "y": y})
    if x.dim() != 2 or y.dim() != 2 or x.shape[1] != y.shape[1] or not len(x) or not len(y):
        raise GraphError(f"x, y: expected [n, d] and [m, d], got {list(x.shape)} and {list(y.shape)}")
    if not bool(x.isfinite().all() and y.isfinite().all()):
        raise GraphError("x, y: expected finite numbers, got NaN or infinity")
    centres = (unit_rows_of(rows).mean(0) for rows in (x, y))
    return float((next(centres) - next(centres)).norm())
