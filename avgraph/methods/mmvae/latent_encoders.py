"""The encoders of the latents (supplement of MMVAE-AVS): a stack of strided convolutions and two linears each.

A prior encoder sees picture or sound, a posterior encoder the mask as well: as a fourth channel of the picture, or
through a stack of its own beside the sound.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from avgraph.nn.fusion import ExpertAggregation, Gaussian

PICTURE_WIDTHS = (16, 32, 64, 128, 128)
MASK_WIDTHS = (16, 32, 64, 64, 64)
_LOGVAR = 10.0  # bound of a logarithm of a variance
_SIDE = 7  # of the map before the linears: 224 pixels, halved five times
_SUMMARY = 32  # width of a picture or mask beside a sound


class Stack(nn.Module):
    """Five times a 4 × 4 convolution of stride 2, batch normalisation and LeakyReLU; flattened.

    Shapes:
        [f, in_channels, h, w] → [f, widths[-1] · 49]; of another size than 224 pixels it is pooled to 7 × 7

    Example:
        >>> Stack(3, (4, 4, 4, 4, 4))(torch.zeros(2, 3, 64, 64)).shape
        torch.Size([2, 196])
    """

    def __init__(self, in_channels: int, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip([in_channels, *widths], widths, strict=False):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.BatchNorm2d(after), nn.LeakyReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.out_features = widths[-1] * _SIDE**2

    def forward(self, x: Float[Tensor, "f c h w"]) -> Float[Tensor, "f d"]:
        """One vector a picture."""
        found = self.layers(x)
        if found.shape[2:] != (_SIDE, _SIDE):
            found = F.adaptive_avg_pool2d(found, _SIDE)
        flat: Tensor = found.flatten(1)
        return flat


class GaussianHead(nn.Module):
    """Two linears: mean, and logarithm of the variance between −10 and 10.

    Example:
        >>> GaussianHead(8, 3)(torch.zeros(2, 8)).mean.shape
        torch.Size([2, 3])
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.mean, self.logvar = nn.Linear(in_channels, channels), nn.Linear(in_channels, channels)

    def forward(self, x: Float[Tensor, "f d"]) -> Gaussian:
        """A Gaussian a row."""
        # A clamp has no gradient beyond its bound: a latent that once gets there stays there.
        return Gaussian(self.mean(x), _LOGVAR * torch.tanh(self.logvar(x) / _LOGVAR))


class PictureEncoder(nn.Module):
    """φ_sv: a latent of the picture alone, or of the picture with its mask.

    Example:
        >>> PictureEncoder(16, posterior=True)(torch.zeros(2, 3, 64, 64), None, torch.zeros(2, 1, 64, 64)).mean.shape
        torch.Size([2, 16])
    """

    def __init__(self, channels: int, widths: Sequence[int] = PICTURE_WIDTHS, *, posterior: bool) -> None:
        super().__init__()
        self.stack = Stack(3 + posterior, widths)
        self.head = GaussianHead(self.stack.out_features, channels)

    def forward(self, frame: Tensor, sound: Tensor | None, mask: Tensor | None) -> Gaussian:
        """The latent; the sound is not looked at."""
        found: Gaussian = self.head(self.stack(frame if mask is None else torch.cat([frame, mask], 1)))
        return found


class SoundLatentEncoder(nn.Module):
    """φ_sa: a latent of the sound alone, or of the sound and the mask.

    Example:
        >>> SoundLatentEncoder(16, 128, posterior=False)(None, torch.zeros(2, 128), None).mean.shape
        torch.Size([2, 16])
    """

    def __init__(self, channels: int, sound_channels: int, *, posterior: bool) -> None:
        super().__init__()
        self.stack = Stack(1, MASK_WIDTHS) if posterior else None
        self.summary = None if self.stack is None else nn.Linear(self.stack.out_features, _SUMMARY)
        self.head = GaussianHead(sound_channels + (_SUMMARY if posterior else 0), channels)

    def forward(self, frame: Tensor | None, sound: Tensor, mask: Tensor | None) -> Gaussian:
        """The latent; the picture is not looked at."""
        if self.stack is not None and self.summary is not None:
            sound = torch.cat([self.summary(self.stack(mask)), sound], 1)
        found: Gaussian = self.head(sound)
        return found


class JointEncoder(nn.Module):
    """φ_c as published: a latent of picture and sound together, in the posterior with the mask.

    Example:
        >>> JointEncoder(16, 128, posterior=False)(torch.zeros(2, 3, 64, 64), torch.zeros(2, 128), None).mean.shape
        torch.Size([2, 16])
    """

    def __init__(self, channels: int, sound_channels: int, *, posterior: bool) -> None:
        super().__init__()
        self.stack = Stack(3 + posterior, MASK_WIDTHS)
        self.summary = nn.Linear(self.stack.out_features, _SUMMARY)
        self.head = GaussianHead(sound_channels + _SUMMARY, channels)

    def forward(self, frame: Tensor, sound: Tensor, mask: Tensor | None) -> Gaussian:
        """The latent."""
        seen = self.summary(self.stack(frame if mask is None else torch.cat([frame, mask], 1)))
        found: Gaussian = self.head(torch.cat([seen, sound], 1))
        return found


class SharedExperts(nn.Module):
    """φ_c as experts that inform the shared latent: one of the picture, one of the sound; a missing one sends nothing.

    Edges (expert, informs, shared latent) join each modality that a frame has with the latent of the frame; the fusion
    is `avgraph.nn.ExpertAggregation`. A frame without both is N(0, 1).

    Args:
        channels: of the latent.
        sound_channels: width of a sound.
        fusion: of the experts.
        posterior: whether the experts see the mask.
    """

    def __init__(self, channels: int, sound_channels: int, fusion: str, *, posterior: bool) -> None:
        super().__init__()
        self.picture = PictureEncoder(channels, MASK_WIDTHS, posterior=posterior)
        self.sound = SoundLatentEncoder(channels, sound_channels, posterior=posterior)
        self.fuse = ExpertAggregation(fusion)  # type: ignore[arg-type]

    def forward(self, frame: Tensor, sound: Tensor, mask: Tensor | None) -> tuple[Gaussian, Gaussian]:
        """The experts, whether they are to be heard or not."""
        return self.picture(frame, sound, mask), self.sound(frame, sound, mask)

    def fused(self, experts: Sequence[Gaussian], there: Sequence[Tensor]) -> Gaussian:
        """The latent of each frame from the experts that are there.

        Shapes:
            experts k × [f, d], there k × [f] → [f, d]
        """
        frames = torch.arange(len(there[0]), device=there[0].device)
        alone = ~torch.stack(list(there)).any(0)
        index = torch.cat([*(frames[here] for here in there), frames[alone]])
        message = [torch.cat([*expert], 1)[here] for expert, here in zip(experts, there, strict=True)]
        message.append(message[0].new_zeros(int(alone.sum()), message[0].shape[1]))
        return Gaussian(*self.fuse(torch.cat(message), index, dim_size=len(frames)).chunk(2, 1))
