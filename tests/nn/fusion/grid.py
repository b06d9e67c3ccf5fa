"""Gaussians of one dimension on a fine grid, for integrals by sums, and stacks of experts."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn import Gaussian

POINTS = torch.linspace(-60, 60, 240_001, dtype=torch.float64)
STEP = float(POINTS[1] - POINTS[0])


def log_density(mean: Tensor, logvar: Tensor) -> Tensor:
    normal = torch.distributions.Normal(mean[..., None], (logvar / 2).exp()[..., None])
    return normal.log_prob(POINTS)


def kl(log_q: Tensor, log_p: Tensor) -> Tensor:
    return (log_q.exp() * (log_q - log_p)).sum(-1) * STEP


def normalised(log_density: Tensor) -> Tensor:
    return log_density - (log_density.exp().sum(-1, keepdim=True) * STEP).log()


def moments(log_density: Tensor) -> Gaussian:
    mass = log_density.exp() * STEP
    mean = (mass * POINTS).sum(-1)
    return Gaussian(mean, (mass * (POINTS - mean[..., None]).square()).sum(-1).log())


def experts(*shape: int, requires_grad: bool = False) -> tuple[Tensor, Tensor]:
    mean, logvar = (torch.randn(shape, dtype=torch.float64) for _ in range(2))
    return mean.requires_grad_(requires_grad), logvar.requires_grad_(requires_grad)
