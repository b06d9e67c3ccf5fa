"""ResNet18 for small pictures (He et al., "Deep Residual Learning", CVPR 2016, section 4.2 and table 1)."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two convolutions of 3 × 3 beside an identity, or a convolution of 1 × 1 where the shape changes.

    Shapes:
        input [n, in_channels, h, w] → [n, out_channels, ceil(h/stride), ceil(w/stride)]

    Example:
        >>> import torch
        >>> ResidualBlock(4, 8, stride=2)(torch.zeros(1, 4, 6, 6)).shape
        torch.Size([1, 8, 3, 3])
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            convolution = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.shortcut = nn.Sequential(convolution, nn.BatchNorm2d(out_channels))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d g v"]:
        """One block."""
        return F.relu(self.body(x) + self.shortcut(x), inplace=True)


class ResidualCNN(nn.Module):
    """Pictures to class logits, through an embedding that is averaged over the picture.

    Args:
        classes: how many logits.
        width: channels of the first of four stages; 64 is ResNet18.

    Shapes:
        input [n, 3, h, w] → logits [n, classes]; `embed` → [n, 8 width]

    Example:
        >>> import torch
        >>> network = ResidualCNN(10, width=4)
        >>> network(torch.zeros(2, 3, 32, 32)).shape, network.embed(torch.zeros(2, 3, 32, 32)).shape
        (torch.Size([2, 10]), torch.Size([2, 32]))
    """

    def __init__(self, classes: int, width: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        stages, channels = [], width
        for stage in range(4):
            out = width * 2**stage
            stages += [ResidualBlock(channels, out, stride=1 if stage == 0 else 2), ResidualBlock(out, out)]
            channels = out
        self.stages = nn.Sequential(*stages)
        self.classifier = nn.Linear(channels, classes)

    def embed(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        """Mean over the picture of the last stage."""
        embedding: Tensor = self.stages(self.stem(x)).mean((2, 3))
        return embedding

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c"]:
        """Class logits."""
        logits: Tensor = self.classifier(self.embed(x))
        return logits
