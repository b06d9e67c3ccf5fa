"""`logmel_modulation`: log-mel pictures → modulation spectra, and class probabilities by linear discriminants.

The size of the two-dimensional Fourier transform of a log-mel picture says how fast its energy rises and falls
(rate), how densely it is packed along frequency (scale) and whether it glides up or down, wherever in the clip
that happens (Chi, Ru & Shamma, J. Acoust. Soc. Am. 118, 2005). Nothing is learned: a few dozen clips per class suffice
for a linear model on top, and it takes seconds where a CNN takes minutes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.context import EncodeContext
from avgraph.encoders.discriminants import discriminant_scores, new_scores
from avgraph.encoders.labelled_rows import training_rows
from avgraph.encoders.log_mel_pictures import check_log_mels, equal_loudness
from avgraph.encoders.log_mels import LogmelModulation
from avgraph.encoders.memory import as_learned, remembered
from avgraph.graph.inner_folds import checked_folds
from avgraph.tensors.rows import column_scale

_FORMAT = 2  # raise when the features or the scores change, so that old results are not taken for new ones
_WINDOW = 32  # mel bands of a local picture; it moves by half its height
_FLOOR = 1e-3


def encode(options: LogmelModulation, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A copy of ``data`` whose ``node`` store holds features and scores."""
    train = training_rows("logmel_modulation", data, node, of="log-mels", classes=options.scores)
    store = data[node]
    about = {"encoder": "logmel_modulation", "format": _FORMAT}
    result = copy.copy(data)
    if not options.scores:
        result[node].x = remembered(context, about, [store.x, train], lambda: _standardized(store.x, train))["x"]
        return result
    groups = checked_folds("logmel_modulation", data, node, train)
    about = {**about, "shrinkage": options.shrinkage}
    found = remembered(
        context, about, [store.x, store.y, train, groups], lambda: _encoded(options, store, train, groups)
    )
    result[node].x, result[node].score = found["x"], found["score"]
    return result


def encode_new(options: LogmelModulation, data: HeteroData, node: str, learned: Mapping[str, Tensor]) -> HeteroData:
    """Features of further clips, and their scores by the discriminants of all training clips."""
    result = copy.copy(data)
    result[node].x = x = (modulation_spectrum(data[node].x) - learned["mean"]) / learned["deviation"]
    if options.scores:
        result[node].score = new_scores(learned, x)
    return result


def _encoded(options: LogmelModulation, store: Any, train: Tensor, groups: Tensor) -> dict[str, Tensor]:
    """Describe every clip and score it by a model that has not seen it."""
    described = _standardized(store.x, train)
    return described | discriminant_scores(
        described["x"], store.y, train, groups, shrinkage=options.shrinkage, encoder="logmel_modulation"
    )


def _standardized(logmel: Tensor, train: Tensor) -> dict[str, Tensor]:
    """Modulation spectra with mean 0 and deviation 1 over the training clips, and what they were."""
    spectrum = modulation_spectrum(logmel)
    mean, deviation = column_scale(spectrum, train, added=1e-6)
    return {"x": (spectrum - mean) / deviation, **as_learned({"mean": mean, "deviation": deviation})}


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
    check_log_mels("modulation", logmel)
    return torch.cat([_describe(part.float()) for part in logmel.split(64)])


def _describe(picture: Tensor) -> Tensor:
    picture = equal_loudness(picture)
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
