"""How far a Newton step on the dual of a coupling is taken: half as far until the dual grows by enough (Armijo)."""

from __future__ import annotations

from torch import Tensor

HALVINGS = 12
_ENOUGH = 1e-4  # share of the promised gain that a step must bring


def grows_enough(after: Tensor, before: Tensor, promised: Tensor) -> Tensor:
    """Whether a step brings its share of the gain that the slope promises, of each problem.

    Rounding of the sums of exponentials hides gains below 1e-15: near the solution the whole step is taken.

    Example:
        >>> import torch
        >>> grows_enough(torch.tensor([1.5, 1.0]), torch.tensor([1.0, 1.0]), torch.tensor([1.0, 1.0]))
        tensor([ True, False])
    """
    return after >= before + _ENOUGH * promised - 1e-15
