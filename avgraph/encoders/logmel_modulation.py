"""`logmel_modulation`: log-mel pictures → modulation spectra, and class probabilities by linear discriminants.

The size of the two-dimensional Fourier transform of a log-mel picture says how fast its energy rises and falls
(rate), how densely it is packed along frequency (scale) and whether it glides up or down, wherever in the clip
that happens (Chi, Ru & Shamma, J. Acoust. Soc. Am. 118, 2005). Nothing is learned: a few dozen clips per class suffice
for a linear model on top, and it takes seconds where a CNN takes minutes.

Shrinkage keeps the covariance of more features than clips regular (Ledoit & Wolf 2004). Such discriminants are far
too sure of themselves, so their scores are divided by one temperature, chosen on training clips they have not seen
(Guo et al., "On Calibration of Modern Neural Networks", 2017).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.class_logits import best_temperature, class_logits, classifier_state, state_logits
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.log_mels import LogmelModulation
from avgraph.encoders.memory import as_learned, remembered
from avgraph.errors import DataError
from avgraph.graph.inner_folds import check_folds, inner_folds
from avgraph.tensors.rows import column_scale

_FORMAT = 2  # raise when the features or the scores change, so that old results are not taken for new ones
_WINDOW = 32  # mel bands of a local picture; it moves by half its height
_FLOOR = 1e-3


def encode(options: LogmelModulation, data: HeteroData, node: str, context: EncodeContext) -> HeteroData:
    """A copy of ``data`` whose ``node`` store holds features and scores."""
    store = data[node]
    for needed in ("x", "y", "train_mask") if options.scores else ("x", "train_mask"):
        if needed not in store:
            what = "classed log-mels" if options.scores else "log-mels and a split"
            raise DataError(f"logmel_modulation: node type '{node}' has no '{needed}'; it needs {what}")
    train = store.train_mask.nonzero().flatten()
    if len(train) == 0:
        raise DataError(f"logmel_modulation: node type '{node}' has no training clip")
    about = {"encoder": "logmel_modulation", "format": _FORMAT}
    result = copy.copy(data)
    if not options.scores:
        result[node].x = remembered(context, about, [store.x, train], lambda: _standardized(store.x, train))["x"]
        return result
    groups, about = inner_folds(store, train), {**about, "shrinkage": options.shrinkage}
    check_folds("logmel_modulation", store.y[train], groups)
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
        result[node].score = (state_logits(learned, x) / learned["temperature"].item()).softmax(1)
    return result


def _encoded(options: LogmelModulation, store: Any, train: Tensor, groups: Tensor) -> dict[str, Tensor]:
    """Describe every clip and score it by a model that has not seen it."""
    described, y, classes = _standardized(store.x, train), store.y, int(store.y.max()) + 1
    x = described["x"]
    whole = _discriminants(options, x[train], y[train])
    logits = class_logits(whole, x.double().numpy(), classes)
    state = classifier_state(whole, logits)
    for fold in sorted(set(groups.tolist())):
        own, shared = train[groups == fold], train[groups != fold]
        logits[own] = class_logits(_discriminants(options, x[shared], y[shared]), x[own].double().numpy(), classes)
    temperature = best_temperature(logits[train], y[train])
    state["temperature"] = torch.tensor(temperature, dtype=torch.float64)
    return {**described, "score": (logits / temperature).softmax(1), **as_learned(state)}


def _discriminants(options: LogmelModulation, x: Tensor, y: Tensor) -> Any:
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=options.shrinkage)
    return model.fit(x.double().numpy(), y.numpy())


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
