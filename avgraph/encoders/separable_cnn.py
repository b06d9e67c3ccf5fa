"""A compact depthwise-separable CNN for log-mel spectrograms (Howard et al., "MobileNets", 2017, section 3.1)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class SeparableBlock(nn.Module):
    """Depthwise 3 × 3 then pointwise convolution, with a residual where the shape allows one.

    Shapes:
        input [n, in_channels, f, t] → [n, out_channels, ceil(f/stride), ceil(t/stride)]

    Example:
        >>> SeparableBlock(8, 16, stride=2)(torch.zeros(1, 8, 6, 4)).shape
        torch.Size([1, 16, 3, 2])
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, 3, stride, 1, groups=in_channels, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(in_channels)
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.pointwise_norm = nn.BatchNorm2d(out_channels)
        self.residual = in_channels == out_channels and stride == 1

    def forward(self, x: Float[Tensor, "n c f t"]) -> Float[Tensor, "n d g s"]:
        """One block."""
        hidden = F.relu(self.depthwise_norm(self.depthwise(x)), inplace=True)
        hidden = self.pointwise_norm(self.pointwise(hidden))
        return F.relu(hidden.add_(x) if self.residual else hidden, inplace=True)


class SeparableCNN(nn.Module):
    """Log-mel pictures to class logits, through an embedding that is pooled over frequency and time.

    Shapes:
        input [n, 1, f, t] → logits [n, classes]; `embed` → [n, channels]

    Example:
        >>> network = SeparableCNN(classes=50, channels=64, width=8)
        >>> network(torch.zeros(2, 1, 64, 54)).shape, network.embed(torch.zeros(2, 1, 64, 54)).shape
        (torch.Size([2, 50]), torch.Size([2, 64]))
    """

    def __init__(self, classes: int, channels: int = 512, width: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        w = width
        self.stem = nn.Sequential(nn.Conv2d(1, w, 5, 2, 2, bias=False), nn.BatchNorm2d(w), nn.ReLU(inplace=True))
        self.body = nn.Sequential(
            SeparableBlock(w, 2 * w),
            SeparableBlock(2 * w, 2 * w),
            SeparableBlock(2 * w, 4 * w, stride=2),
            SeparableBlock(4 * w, 4 * w),
            SeparableBlock(4 * w, 8 * w, stride=2),
            SeparableBlock(8 * w, 8 * w),
        )
        self.head = nn.Sequential(nn.Linear(16 * w, channels), nn.BatchNorm1d(channels), nn.ReLU(inplace=True))
        self.dropout = dropout
        self.classifier = nn.Linear(channels, classes)

    def embed(self, x: Float[Tensor, "n 1 f t"]) -> Float[Tensor, "n d"]:
        """Average and maximum pooling side by side: how much of a sound there is, and whether there is any."""
        hidden = self.body(self.stem(x))
        embedding: Tensor = self.head(torch.cat([hidden.mean((2, 3)), hidden.amax((2, 3))], 1))
        return embedding

    def forward(self, x: Float[Tensor, "n 1 f t"], generator: torch.Generator | None = None) -> Float[Tensor, "n c"]:
        """Class logits; dropout in training draws from ``generator``, on the CPU whatever the device."""
        embedding = self.embed(x)
        if self.training:
            share = 1.0 - self.dropout
            noise = torch.empty(embedding.shape).bernoulli_(share, generator=generator).div_(share)
            embedding = embedding * noise.to(embedding)
        logits: Tensor = self.classifier(embedding)
        return logits
