"""Spectro-temporal modulation spectrum of log-mel pictures (Chi, Ru & Shamma, J. Acoust. Soc. Am. 118, 2005).

The size of the two-dimensional Fourier transform of a log-mel picture says how fast its energy rises and falls
(rate), how densely it is packed along frequency (scale) and whether it glides up or down, wherever in the clip
that happens. Nothing is learned: a few dozen clips per class suffice for a linear model on top.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import DataError

_WINDOW = 32  # mel bands of a local picture; it moves by half its height
_FLOOR = 1e-3


def modulation_spectrum(logmel: Tensor) -> Float[Tensor, "n d"]:
    """Level and modulation statistics of every clip, independent of when things happen in it and of its loudness.

    Side by side: mean and deviation over time of every pair of bands and of its change from frame to frame; the log
    modulation spectrum of the whole picture; that of overlapping windows of 32 bands. Rates and scales are averaged
    within octaves.

    Shapes:
        logmel [n, bands, frames] → [n, d]; 128 bands × 216 frames give d = 844

    Raises:
        DataError: if the input is not [n, bands, frames] of at least 16 × 16.

    Example:
        >>> modulation_spectrum(torch.randint(0, 255, (2, 128, 216), dtype=torch.uint8)).shape
        torch.Size([2, 844])
    """
    if logmel.ndim != 3 or logmel.shape[1] < 16 or logmel.shape[2] < 16:
        shape = tuple(logmel.shape)
        raise DataError(f"modulation: expected log-mels [clips, bands, frames] of at least 16 × 16, got {shape}")
    return torch.cat([_describe(part.float()) for part in logmel.split(64)])


def _describe(picture: Tensor) -> Tensor:
    picture = picture - picture.mean((1, 2), keepdim=True)
    picture = picture / (picture.std((1, 2), keepdim=True) + 1e-5)
    pair = F.avg_pool2d(picture[:, None], (2, 1))[:, 0]
    change = pair.diff(dim=2)
    parts = [pair.mean(2), pair.std(2), change.abs().mean(2), change.std(2), _log_modulation(picture)]
    bands = picture.shape[1]
    if bands > _WINDOW:
        starts = range(0, bands - _WINDOW + 1, _WINDOW // 2)
        parts += [_log_modulation(picture[:, start : start + _WINDOW]) for start in starts]
    return torch.cat(parts, 1)


def _log_modulation(picture: Tensor) -> Tensor:
    """Log amplitude by scale (upward, then downward glides) and rate, averaged within octaves."""
    amplitude = torch.fft.rfft2(picture - picture.mean(2, keepdim=True)).abs()
    half = picture.shape[1] // 2
    up, down = amplitude[:, :half], amplitude[:, -half:].flip(1)  # scales 0 … half-1 and 1 … half
    scale = _octaves(half, first=0)
    rate = _octaves(amplitude.shape[2], first=1)  # rate 0 is the mean, which was taken out
    both = torch.cat([scale @ up, scale @ down], 1) @ rate.T
    return both.flatten(1).clamp_min(_FLOOR).log()


def _octaves(size: int, first: int) -> Tensor:
    """Matrix [bins, size] that averages within [first, 1, 2, 4, 8, …, size)."""
    edges = [first] + [edge for edge in (2**power for power in range(20)) if first < edge < size] + [size]
    average = torch.zeros(len(edges) - 1, size)
    for row, (start, stop) in enumerate(pairwise(edges)):
        average[row, start:stop] = 1 / (stop - start)
    return average
