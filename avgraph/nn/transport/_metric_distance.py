r"""Distances of all pairs under a metric, and their gradient, with as few large products as can be.

Autograd multiplies both sides by the metric forward, and twice more each backward: once for the rows and once for the
metric. With :math:`G_{ij}` the gradient of the distance over the distance, r and q its sums over rows and columns,

.. math::
    \partial x = r \circ xM - G\,yM, \qquad
    \partial M = \tfrac12 \bigl(x^\top a + y^\top b\bigr), \quad a = r \circ x - G\,y, \quad b = q \circ y - G^\top x,

and :math:`\partial x = aM`. xM and yM are there from the forward pass, and ∂M is symmetric: half of it is computed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from avgraph.nn.precision import full_precision

_BLOCK = 128  # columns of a symmetric product that are computed at a time


def metric_distance(x: Tensor, y: Tensor, metric: Tensor) -> Tensor:
    """√((xᵢ − yⱼ)ᵀ M (xᵢ − yⱼ)), unchecked; a diagonal metric is a vector. The gradient at 0 is 0.

    Shapes:
        x [n, d], y [m, d], metric [d, d] or [d] → [n, m]

    Example:
        >>> metric_distance(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]]), torch.eye(2))
        tensor([[5.]])
    """
    # Distances do not change under a common shift; without it near pairs far from the origin cancel to noise.
    centre = torch.cat([x, y]).mean(0).detach()
    distance: Tensor = _MetricDistance.apply(x - centre, y - centre, metric)
    return distance


class _MetricDistance(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, metric: Tensor) -> Tensor:
        if metric.dim() == 1:
            mapped_x, mapped_y = x * metric, y * metric
        else:
            metric = metric.T.contiguous().add_(metric).mul_(0.5)  # faster than a sum with a transposed matrix
            mapped_x, mapped_y = x @ metric, y @ metric
        length_x, length_y = (mapped_x * x).sum(1), (mapped_y * y).sum(1)
        square = torch.addmm(length_x[:, None] + length_y[None, :], mapped_x, y.T, alpha=-2.0)
        distance = square.clamp_min_(0).sqrt_()  # of NaN it is NaN
        ctx.save_for_backward(x, y, metric, mapped_x, mapped_y, distance)
        return distance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, y, metric, mapped_x, mapped_y, distance = ctx.saved_tensors
        of_x, of_y, of_metric = ctx.needs_input_grad
        with full_precision(x):
            g = torch.where(distance == 0, 0, gradient[0] / distance)
            r, q = g.sum(1, keepdim=True), g.sum(0)[:, None]
            if not of_metric:
                grad_x = torch.addmm(r * mapped_x, g, mapped_y, alpha=-1) if of_x else None
                return grad_x, torch.addmm(q * mapped_y, g.T, mapped_x, alpha=-1) if of_y else None, None
            a, b = torch.addmm(r * x, g, y, alpha=-1), torch.addmm(q * y, g.T, x, alpha=-1)
            if metric.dim() == 1:
                return a * metric, b * metric, ((a * x).sum(0) + (b * y).sum(0)).mul_(0.5)
            if x.shape[1] < min(g.shape):
                grad_x, grad_y = a @ metric, b @ metric
            else:
                grad_x = torch.addmm(r * mapped_x, g, mapped_y, alpha=-1)
                grad_y = torch.addmm(q * mapped_y, g.T, mapped_x, alpha=-1)
            return grad_x, grad_y, symmetric_product(torch.cat([x, y]), torch.cat([a, b]).mul_(0.5))


def symmetric_product(a: Tensor, b: Tensor) -> Tensor:
    """aᵀb where that is known to be symmetric: what lies left of the blocks on its diagonal is copied.

    Shapes:
        a, b [n, d] → [d, d]

    Example:
        >>> a = torch.tensor([[1.0, 2.0]])
        >>> symmetric_product(a, 3 * a)
        tensor([[ 3.,  6.],
                [ 6., 12.]])
    """
    d = a.shape[1]
    out = a.new_empty(d, d)
    for start in range(0, d, _BLOCK):
        end = min(start + _BLOCK, d)
        torch.mm(a[:, start:end].T, b[:, start:], out=out[start:end, start:])
        out[end:, start:end] = out[start:end, end:].T
    return out
