"""Augmentation of log-mel pictures: shifts, reversal, colouring, and mixup (Zhang et al. 2018)."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def circular_shift(x: Float[Tensor, "n 1 f t"], rng: np.random.Generator) -> Float[Tensor, "n 1 f t"]:
    """Roll each clip in time by its own random number of frames.

    Example:
        >>> x = torch.arange(4.0).reshape(1, 1, 1, 4)
        >>> sorted(circular_shift(x, np.random.default_rng(0)).flatten().tolist())
        [0.0, 1.0, 2.0, 3.0]
    """
    n, _, bands, frames = x.shape
    shift = torch.from_numpy(rng.integers(frames, size=(n, 1)))
    index = (torch.arange(frames) + shift) % frames
    return x.gather(3, index[:, None, None].expand(n, 1, bands, frames))


def band_shift(x: Float[Tensor, "n 1 f t"], bands: int, rng: np.random.Generator) -> Float[Tensor, "n 1 f t"]:
    """Move each clip up or down by its own random number of up to ``bands`` bands; the edge bands are repeated.

    Example:
        >>> x = torch.arange(4.0).reshape(1, 1, 4, 1)
        >>> band_shift(x, 0, np.random.default_rng(0)).flatten().tolist()
        [0.0, 1.0, 2.0, 3.0]
    """
    n, _, size, frames = x.shape
    shift = torch.from_numpy(rng.integers(-bands, bands + 1, size=(n, 1)))
    index = (torch.arange(size) + shift).clamp(0, size - 1)
    return x.gather(2, index[:, None, :, None].expand(n, 1, size, frames))


def reverse(x: Float[Tensor, "n 1 f t"], rng: np.random.Generator) -> Float[Tensor, "n 1 f t"]:
    """Play every other clip, by the toss of a coin, backwards.

    Example:
        >>> x = torch.arange(3.0).reshape(1, 1, 1, 3)
        >>> sorted(reverse(x, np.random.default_rng(0)).flatten().tolist())
        [0.0, 1.0, 2.0]
    """
    backwards = torch.from_numpy(rng.random(len(x)) < 0.5)
    return torch.where(backwards[:, None, None, None], x.flip(3), x)


def colour(x: Float[Tensor, "n 1 f t"], strength: float, rng: np.random.Generator) -> Float[Tensor, "n 1 f t"]:
    """Add a smooth random curve over frequency to each clip, as another microphone or room would.

    Example:
        >>> x = torch.zeros(1, 1, 8, 2)
        >>> bool((colour(x, 0.0, np.random.default_rng(0)) == x).all())
        True
    """
    position = torch.linspace(-1.0, 1.0, x.shape[2])
    curves = torch.stack([position, position.square() - 1 / 3, torch.cos(3 * position)])
    amount = torch.from_numpy(rng.normal(0.0, strength, size=(len(x), 3))).to(x)
    return x + (amount @ curves)[:, None, :, None]


def mixup(
    x: Float[Tensor, "n 1 f t"], target: Float[Tensor, "n c"], alpha: float, rng: np.random.Generator
) -> tuple[Float[Tensor, "n 1 f t"], Float[Tensor, "n c"]]:
    """Blend every clip and its soft label with another one, λ ~ Beta(α, α) per clip; α = 0 leaves them be.

    Example:
        >>> x, target = mixup(torch.ones(2, 1, 3, 3), torch.eye(2), 0.4, np.random.default_rng(0))
        >>> target.sum(1)
        tensor([1., 1.])
    """
    if alpha == 0.0:
        return x, target
    # The larger share stays with the clip itself, so that the embedding is of something recognisable.
    share = torch.from_numpy(rng.beta(alpha, alpha, size=len(x))).to(x)
    share = torch.maximum(share, 1.0 - share)
    other = torch.from_numpy(rng.permutation(len(x)))
    picture, label = share[:, None, None, None], share[:, None]
    return picture * x + (1 - picture) * x[other], label * target + (1 - label) * target[other]
