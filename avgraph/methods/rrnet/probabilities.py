"""Whether the scores that a graph comes with may be probabilities."""

from __future__ import annotations

from torch import Tensor


def are_probabilities(score: Tensor) -> bool:
    """Whether logits can start from these scores, and their logarithm is what tells sure from unsure ones.

    Example:
        >>> import torch
        >>> are_probabilities(torch.tensor([0.0, 1.0])), are_probabilities(torch.tensor([-0.2, 0.9]))
        (True, False)
    """
    return bool(((score >= 0) & (score <= 1 + 1e-4)).all())  # rounding may lift one above 1
