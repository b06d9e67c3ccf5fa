"""Noise: white to test under and coloured to train with, as log-mels; clouds of colour behind cut-outs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from avgraph.datasets.audio import SAMPLE_RATE, SECONDS, log_mel, to_uint8

TEST_NOISES = 8
TRAINING_NOISES = 64


@lru_cache(maxsize=2)  # of 0.2 MB; the same in every data set of a seed
def white_noises(count: int, seed: int) -> UInt8[Tensor, "n 128 216"]:
    """Log-mels of ``count`` clips of white noise, made through the same steps as those of a recording.

    Example:
        >>> white_noises(1, 0).shape
        torch.Size([1, 128, 216])
    """
    rng = np.random.default_rng([seed, 99])
    length = SAMPLE_RATE * SECONDS
    return _log_mels([0.1 * rng.standard_normal(length, np.float32) for _ in range(count)])


@lru_cache(maxsize=2)  # of 2 MB
def coloured_noises(count: int, seed: int) -> UInt8[Tensor, "n 128 216"]:
    """Log-mels of ``count`` clips of noise whose power falls or rises with frequency, none of it white.

    The power is f^slope, the slope drawn from -3 (below brown) to -.5 and from .5 to 2 (violet).

    Example:
        >>> coloured_noises(1, 0).shape
        torch.Size([1, 128, 216])
    """
    rng = np.random.default_rng([seed, 98])
    return _log_mels([_coloured(rng) for _ in range(count)])


@lru_cache(maxsize=6)  # of 0.6 MB; three splits of a seed
def noise_backgrounds(count: int, seed: tuple[int, ...], side: int = 32) -> UInt8[Tensor, "n 3 b b"]:
    """Coloured clouds with some grain, where there are no pictures.

    Example:
        >>> noise_backgrounds(2, (0,)).shape
        torch.Size([2, 3, 32, 32])
    """
    rng = np.random.default_rng(seed)
    total = torch.zeros(count, 3, side, side)
    for cells, weight in ((2, 1.0), (4, 0.8), (8, 0.6), (side, 0.15)):
        values = torch.from_numpy(rng.normal(size=(count, 3, cells, cells)).astype(np.float32))
        total += weight * functional.interpolate(values, size=(side, side), mode="bilinear", align_corners=False)
    return (127.5 + 55.0 * total).round().clamp(0, 255).to(torch.uint8)


def _coloured(rng: np.random.Generator) -> Float[np.ndarray, " samples"]:
    length = SAMPLE_RATE * SECONDS
    slope = rng.uniform(-3.0, -0.5) if rng.random() < 0.5 else rng.uniform(0.5, 2.0)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (slope / 2)
    wave = np.fft.irfft(spectrum, length)
    quiet: np.ndarray = (0.1 * wave / wave.std()).astype(np.float32)
    return quiet


def _log_mels(waves: list[Float[np.ndarray, " samples"]]) -> UInt8[Tensor, "n 128 216"]:
    return torch.stack([to_uint8(log_mel(wave)) for wave in waves])
