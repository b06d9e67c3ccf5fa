"""The latents of a branch, prior or posterior, and the codes that the decoder gets of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from avgraph.methods.mmvae.latent_encoders import JointEncoder, PictureEncoder, SharedExperts, SoundLatentEncoder
from avgraph.methods.mmvae.options import MmvaeOptions
from avgraph.methods.mmvae.scene import Scene
from avgraph.nn.distributed import gather_rows, whole_batch_noise
from avgraph.nn.fusion import Gaussian, product_of_experts

Draw = Callable[[Gaussian], Tensor]
"""How a code comes from a latent: its mean, or a sample."""


def mean_of(latent: Gaussian) -> Tensor:
    """The mean.

    Example:
        >>> mean_of(Gaussian(torch.ones(1), torch.zeros(1)))
        tensor([1.])
    """
    return latent.mean


def sample_of(latent: Gaussian) -> Tensor:
    """A sample by torch's own random state, which the run seeds step by step; gradients go through it.

    Of frames that are split over ranks, each has the noise that it would have in one process.

    Example:
        >>> sample_of(Gaussian(torch.ones(1), torch.full((1,), -1e9)))
        tensor([1.])
    """
    return latent.sample(noise=whole_batch_noise(latent.mean))


@dataclass(frozen=True)
class Latents:
    """The latents of some frames; None is one that the model does not have.

    Attributes:
        visual, audio: of the modalities.
        shared: of both.
        experts: picture's and sound's, where the shared one is fused of them.
        there: which frames have picture and sound.
    """

    visual: Gaussian | None
    audio: Gaussian | None
    shared: Gaussian | None
    experts: tuple[Gaussian, ...] = ()
    there: tuple[Tensor, ...] = ()

    def take(self, frames: Tensor) -> Latents:
        """The same of some of the frames."""
        return self._each(lambda part: part[frames])

    def gathered(self, frames: Sequence[int]) -> Latents:
        """Those of the frames of all ranks, each of which has so many."""
        return self._each(lambda part: gather_rows(part, frames))

    def _each(self, rows: Callable[[Tensor], Tensor]) -> Latents:
        def of(latent: Gaussian) -> Gaussian:
            return Gaussian(*map(rows, latent))

        visual, audio, shared = (None if one is None else of(one) for one in (self.visual, self.audio, self.shared))
        return Latents(visual, audio, shared, tuple(map(of, self.experts)), tuple(map(rows, self.there)))


class LatentEncoders(nn.Module):
    """All encoders of a branch that the options ask for.

    Args:
        options: factorisation, shared, fusion, audio_latent, latent_channels.
        sound_channels: width of a sound.
        posterior: whether they see the mask.
    """

    def __init__(self, options: MmvaeOptions, sound_channels: int, *, posterior: bool) -> None:
        super().__init__()
        width, own = options.latent_channels, options.factorisation != "single"
        both = options.audio_latent or options.factorisation != "full"
        self.visual = PictureEncoder(width, posterior=posterior) if own else None
        self.audio = SoundLatentEncoder(width, sound_channels, posterior=posterior) if own and both else None
        self.shared: JointEncoder | SharedExperts | None = None
        if options.factorisation != "none":
            if options.shared == "joint":
                self.shared = JointEncoder(width, sound_channels, posterior=posterior)
            else:
                self.shared = SharedExperts(width, sound_channels, options.fusion, posterior=posterior)

    def forward(self, scene: Scene, mask: Tensor | None) -> Latents:
        """Latents of every frame; ``mask`` [f, 1, h, w] for the posterior."""
        given = (scene.frame, scene.sound, mask)
        visual = None if self.visual is None else self.visual(*given)
        audio = None if self.audio is None else self.audio(*given)
        if isinstance(self.shared, SharedExperts):
            experts, there = self.shared(*given), (scene.seen, scene.heard)
            fused = self.shared.fused(experts, there)
            return Latents(_where(scene.seen, visual), _where(scene.heard, audio), fused, experts, there)
        return Latents(visual, audio, None if self.shared is None else self.shared(*given))


class Codes(nn.Module):
    """u_v and u_a: linears of a modality's own latent beside the shared one, of drawn values.

    With ``factorisation: none`` one code of both, given twice; ``single``, that of the shared latent; with
    ``combination: product`` a draw from N(0, 1) · s · c in place of a linear.
    """

    def __init__(self, options: MmvaeOptions) -> None:
        super().__init__()
        width = options.latent_channels
        self.factorisation, self.product = options.factorisation, options.combination == "product"
        self.count = 2 if options.factorisation != "full" or options.audio_latent else 1
        linears = {"full": 0 if self.product else self.count, "none": 1, "single": 1}[options.factorisation]
        inner = width if options.factorisation == "single" else 2 * width
        self.linear = nn.ModuleList(nn.Linear(inner, width) for _ in range(linears))

    def forward(self, latents: Latents, draw: Draw) -> list[Tensor]:
        """The codes [f, d], of the picture and (where there is one) of the sound."""
        own = [part for part in (latents.visual, latents.audio) if part is not None]
        if self.factorisation == "none":
            return [self.linear[0](torch.cat([draw(part) for part in own], 1))] * 2
        assert latents.shared is not None
        if self.factorisation == "single":
            return [self.linear[0](draw(latents.shared))] * 2
        if self.product:
            return [draw(_product(part, latents.shared)) for part in own]
        shared = draw(latents.shared)  # the same in both codes
        return [linear(torch.cat([draw(part), shared], 1)) for linear, part in zip(self.linear, own, strict=True)]


def _where(there: Tensor, latent: Gaussian | None) -> Gaussian | None:
    """N(0, 1) in place of a latent whose one expert is missing."""
    if latent is None:
        return None
    return Gaussian(*(torch.where(there[:, None], part, 0.0) for part in latent))


def _product(own: Gaussian, shared: Gaussian) -> Gaussian:
    """N(0, 1) · s · c."""
    mean, logvar = (torch.stack(parts) for parts in zip(own, shared, strict=True))
    return product_of_experts(mean, logvar, standard_normal=True)
