"""Noise: to test under, white noise as a log-mel; behind cut-outs, clouds of colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn import functional

from avgraph.datasets.audio import SAMPLE_RATE, SECONDS, log_mel, to_uint8


def noise_sounds(count: int, seed: int) -> UInt8[Tensor, "n 128 216"]:
    """Log-mels of ``count`` clips of white noise, made through the same steps as those of a recording.

    Example:
        >>> noise_sounds(1, 0).shape
        torch.Size([1, 128, 216])
    """
    rng = np.random.default_rng([seed, 99])
    length = SAMPLE_RATE * SECONDS
    return torch.stack([to_uint8(log_mel(0.1 * rng.standard_normal(length, np.float32))) for _ in range(count)])


def noise_backgrounds(count: int, seed: Sequence[int], side: int = 32) -> UInt8[Tensor, "n 3 b b"]:
    """Coloured clouds with some grain, where there are no pictures.

    Example:
        >>> noise_backgrounds(2, [0]).shape
        torch.Size([2, 3, 32, 32])
    """
    rng = np.random.default_rng(list(seed))
    total = torch.zeros(count, 3, side, side)
    for cells, weight in ((2, 1.0), (4, 0.8), (8, 0.6), (side, 0.15)):
        values = torch.from_numpy(rng.normal(size=(count, 3, cells, cells)).astype(np.float32))
        total += weight * functional.interpolate(values, size=(side, side), mode="bilinear", align_corners=False)
    return (127.5 + 55.0 * total).round().clamp(0, 255).to(torch.uint8)
