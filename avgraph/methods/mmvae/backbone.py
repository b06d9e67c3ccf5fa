"""From pictures to four feature maps: a small convolutional network for CPUs, or a published one through timm."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from avgraph.errors import DataError

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as timm's networks were trained


def convolution(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """3 × 3 convolution, batch normalisation, ReLU.

    Example:
        >>> convolution(3, 8, stride=2)(torch.zeros(2, 3, 8, 8)).shape
        torch.Size([2, 8, 4, 4])
    """
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class Backbone(nn.Module):
    """Four feature maps of a picture, the finest first.

    Shapes:
        input [f, 3, h, w], from 0 to 1 → four maps [f, channels[i], h_i, w_i]
    """

    channels: Sequence[int]

    def __init__(self) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(_DEVIATION)[:, None, None], persistent=False)

    def stages(self, x: Float[Tensor, "f 3 h w"]) -> list[Tensor]:
        """The maps of standardised pictures."""
        raise NotImplementedError

    def forward(self, frame: Float[Tensor, "f 3 h w"]) -> list[Tensor]:
        """The maps of pictures from 0 to 1."""
        return self.stages((frame - self.mean) / self.deviation)


class SmallBackbone(Backbone):
    """Two convolutions a stage; strides 2, 4, 8 and 16.

    Example:
        >>> [tuple(part.shape[1:]) for part in SmallBackbone(8)(torch.zeros(1, 3, 64, 64))]
        [(8, 32, 32), (16, 16, 16), (32, 8, 8), (64, 4, 4)]
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.channels = [width, 2 * width, 4 * width, 8 * width]
        below = [3, *self.channels[:3]]
        self.parts = nn.ModuleList(
            nn.Sequential(convolution(before, after, stride=2), convolution(after, after))
            for before, after in zip(below, self.channels, strict=True)
        )

    def stages(self, x: Float[Tensor, "f 3 h w"]) -> list[Tensor]:
        """One after the other."""
        maps = []
        for part in self.parts:
            x = part(x)
            maps.append(x)
        return maps


class TimmBackbone(Backbone):
    """ResNet50 (He et al. 2016) or PVTv2-B5 (Wang et al. 2022); strides 4, 8, 16 and 32.

    Args:
        name: of the model in timm.
        pretrained: whether timm fetches its ImageNet weights.

    Raises:
        DataError: if timm is not installed, or the weights cannot be fetched.
    """

    def __init__(self, name: str, pretrained: bool = False) -> None:
        super().__init__()
        try:
            import timm
        except ImportError:
            raise DataError(f"method.backbone: '{name}' needs timm: pip install 'avgraph[vision]'") from None
        try:
            whole = timm.create_model(name, pretrained=pretrained, features_only=True)
        except Exception as error:  # the hub fails in many ways
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            what = "pretrained: no weights for" if pretrained else "backbone: timm cannot make"
            raise DataError(f"method.{what} '{name}': {reason}") from None
        self.network = whole
        self.channels = list(whole.feature_info.channels())[-4:]  # ResNet50 has a map of stride 2 before them

    def stages(self, x: Float[Tensor, "f 3 h w"]) -> list[Tensor]:
        """The last four maps."""
        maps: list[Tensor] = list(self.network(x))[-4:]
        return maps


def build_backbone(name: str, width: int, pretrained: bool) -> Backbone:
    """The backbone of a name.

    Example:
        >>> build_backbone("small", 4, False).channels
        [4, 8, 16, 32]
    """
    return SmallBackbone(width) if name == "small" else TimmBackbone(name, pretrained)
