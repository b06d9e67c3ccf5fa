"""Weighted sum of the distances of all pairs of rows, with its gradient, in the memory of a chunk of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Distances that are held at a time: 4 MiB of float32. At batch 4096 and 50 classes the loss then takes half the memory
# of one block of distances; chunks of an eighth take less and 10 % more time (benchmarks/latent_interaction_loss.py).
_CHUNK = 1 << 20


def weighted_distance(x: Tensor, y: Tensor, left: Tensor, right: Tensor) -> Tensor:
    r"""Σ_{nm} (left rightᵀ)_{nm} ‖x_n − y_m‖₂, with a gradient for ``x`` and ``y`` only.

    The gradient is taken in the forward pass, chunk by chunk, so that neither distances nor weights are kept:

    .. math::
        \partial_{x_n} = \sum_m \frac{w_{nm}}{d_{nm}} (x_n - y_m), \qquad \text{0 where } d_{nm} = 0

    Shapes:
        x [n, d], y [m, d], left [n, c], right [m, c] → scalar

    Example:
        >>> x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])
        >>> weighted_distance(x, y, torch.ones(1, 1), torch.full((1, 1), 2.0))
        tensor(10.)
    """
    total: Tensor = _WeightedDistance.apply(x, y, left, right)
    return total


class _WeightedDistance(torch.autograd.Function):
    """The sum, and its gradient kept from the forward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, left: Tensor, right: Tensor) -> Tensor:
        needs_gradient = any(ctx.needs_input_grad[:2])
        total = x.new_zeros(())
        of_x, of_y = torch.empty_like(x), torch.zeros_like(y)
        centre = x.mean(0)  # far from the origin the two terms of a gradient would cancel to rounding
        near_x, near_y = x - centre, y - centre
        size = max(1, _CHUNK // max(1, len(y)))
        for start in range(0, len(x), size):
            part = slice(start, start + size)
            # Not by a matrix product, which cannot tell near points from equal ones.
            distance = torch.cdist(x[part], y, compute_mode="donot_use_mm_for_euclid_dist")
            weight = left[part] @ right.T
            total += torch.dot(weight.flatten(), distance.flatten())
            if needs_gradient:
                pull = weight.div_(distance).masked_fill_(distance == 0, 0)
                of_x[part] = pull.sum(1, keepdim=True) * near_x[part] - pull @ near_y
                of_y += pull.sum(0)[:, None] * near_y - pull.T @ near_x[part]
        if needs_gradient:
            ctx.save_for_backward(of_x, of_y)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        of_x, of_y = ctx.saved_tensors
        return gradient[0] * of_x, gradient[0] * of_y, None, None
