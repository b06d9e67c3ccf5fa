"""Noise to test under: white noise as a log-mel, through the same steps as a recording."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from avgraph.datasets.audio import SAMPLE_RATE, SECONDS, log_mel, to_uint8


def noise_sounds(count: int, seed: int) -> UInt8[Tensor, "n 128 216"]:
    """Log-mels of ``count`` clips of white noise.

    Example:
        >>> noise_sounds(1, 0).shape
        torch.Size([1, 128, 216])
    """
    rng = np.random.default_rng([seed, 99])
    length = SAMPLE_RATE * SECONDS
    return torch.stack([to_uint8(log_mel(0.1 * rng.standard_normal(length, np.float32))) for _ in range(count)])
