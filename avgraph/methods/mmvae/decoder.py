"""A branch, prior or posterior: necks, the latents on the coarsest map, a decoder to the logits of the mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avgraph.methods.mmvae.backbone import convolution
from avgraph.methods.mmvae.latents import Codes, Draw, LatentEncoders, Latents
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.mmvae.scene import Scene

STAGES = 4


@dataclass(frozen=True)
class Decoded:
    """What a branch makes of some frames.

    Attributes:
        logits: one for a joint reconstruction, one a modality otherwise, k × [f, h, w].
        latents: None for a model without; codes: u_v, u_a.
    """

    logits: tuple[Tensor, ...]
    latents: Latents | None = None
    codes: tuple[Tensor, ...] = ()

    @property
    def probability(self) -> Tensor:
        """Of the mask [f, h, w]; of several reconstructions their mean."""
        return torch.stack(self.logits).sigmoid().mean(0)


class Decoder(nn.Module):
    """From the coarsest map to the finest, each added to what comes from below; then to the size of the picture.

    Example:
        >>> maps = [torch.zeros(1, 8, side, side) for side in (32, 16, 8, 4)]
        >>> Decoder(8)(maps, (64, 64)).shape
        torch.Size([1, 64, 64])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.merge = nn.ModuleList(convolution(channels, channels) for _ in range(STAGES - 1))
        self.refine = convolution(channels, max(channels // 2, 4))
        self.mask = nn.Conv2d(max(channels // 2, 4), 4, 1)  # four pixels a cell

    def forward(self, maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Logits [f, h, w]."""
        x = maps[-1]
        for finer, merge in zip(reversed(maps[:-1]), self.merge, strict=True):
            x = merge(finer + _resized(x, finer.shape[2:]))
        return _resized(_shuffled(self.mask(self.refine(x))), size)[:, 0]


class Branch(nn.Module):
    """Prior or posterior: own necks, own latents and their convolution, own decoder.

    Args:
        options: of the method.
        sound_channels: width of a sound.
        posterior: whether its latents see the mask.
    """

    def __init__(self, options: MmvaeOptions, sound_channels: int, *, posterior: bool) -> None:
        super().__init__()
        width = options.neck_channels
        self.per_modality = options.reconstruction == "per_modality"
        self.necks = nn.ModuleList(convolution(width, width) for _ in range(STAGES))
        self.encoders, self.codes, self.join = None, None, None
        if options.latent:
            self.encoders = LatentEncoders(options, sound_channels, posterior=posterior)
            self.codes = Codes(options)
            self.join = nn.Conv2d(width + self.codes.count * options.latent_channels, width, 1)
        self.decoder = Decoder(width)

    def necked(self, scene: Scene) -> list[Tensor]:
        """What does not depend on the latents; several masks may be decoded from it."""
        return [neck(part) for neck, part in zip(self.necks, scene.maps, strict=True)]

    def latents(self, scene: Scene, mask: Tensor | None = None) -> Latents | None:
        """The latents of the frames."""
        return None if self.encoders is None else self.encoders(scene, mask)

    def decode(self, maps: Sequence[Tensor], latents: Latents | None, draw: Draw, size: tuple[int, int]) -> Decoded:
        """Masks of the frames, with codes as ``draw`` takes them."""
        if latents is None or self.codes is None or self.join is None:
            return Decoded((self.decoder(maps, size),))
        codes = self.codes(latents, draw)
        ways = [codes]
        if self.per_modality:  # p(y | x_k, s_k, c): the other modality's code is left out
            ways = [[code if own == kept else torch.zeros_like(code) for own, code in enumerate(codes)]
                    for kept in range(len(codes))]  # fmt: skip
        height, width = maps[-1].shape[2:]
        logits = []
        for way in ways:
            broad = [code[:, :, None, None].expand(-1, -1, height, width) for code in way]
            coarsest = self.join(torch.cat([maps[-1], *broad], 1))
            logits.append(self.decoder([*maps[:-1], coarsest], size))
        return Decoded(tuple(logits), latents, tuple(codes))

    def forward(self, scene: Scene, draw: Draw, mask: Tensor | None = None) -> Decoded:
        """All of it."""
        size = (scene.frame.shape[2], scene.frame.shape[3])
        return self.decode(self.necked(scene), self.latents(scene, mask), draw, size)


def _shuffled(x: Tensor) -> Tensor:
    """Four channels to four pixels a cell: torch's ``pixel_shuffle``, whose gradient fails where there is no frame.

    Shapes:
        [f, 4, h, w] → [f, 1, 2h, 2w]
    """
    frames, _, height, width = x.shape
    cells = x.reshape(frames, 2, 2, height, width).permute(0, 3, 1, 4, 2)
    return cells.reshape(frames, 1, 2 * height, 2 * width)


def _resized(x: Tensor, size: Sequence[int]) -> Tensor:
    if tuple(x.shape[2:]) == tuple(size):
        return x
    return F.interpolate(x, tuple(size), mode="bilinear", align_corners=False)
