"""Spoken digits (FSDD, Jackson et al.) and scikit-learn's pictures of digits (UCI, Alpaydin & Kaynak 1998)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32
from torch import Tensor

from avgraph.datasets.audio import triangles
from avgraph.datasets.paired.labelled import TEST, TRAIN, VAL, Labelled
from avgraph.datasets.paired.options import DIGITS
from avgraph.graph.provenance import Provenance
from avgraph.io.files_read import checksums
from avgraph.io.npz import read_npz

FILE = "fsdd_8khz.npz"
_KEYS = ("waveform", "offset", "digit", "speaker", "take")
_RATE = 8000
_LENGTH = 8192  # samples: a second; 99 % of the clips are shorter
_WINDOW, _HOP, _BANDS, _PARTS = 256, 128, 32, 12
_TAKES_PER_FOLD = 5


def load_spoken_digits(folder: str | Path, fold: int = 1, val_fold: int | None = None) -> Labelled:
    """Read ``fsdd_8khz.npz``: clips of about half a second at 8 kHz by six speakers.

    Fold k tests on takes 5(k−1) … 5k−1 of every speaker and digit; fold 1 is the customary test set. Speakers are in
    all splits. ``x`` are waveforms; `spoken_digit_features` makes the features, after any mixing.

    Raises:
        DataError: if the file is missing, unreadable or lacks a key.
    """
    path = Path(folder) / FILE
    part = read_npz(path, _KEYS)
    offset = part["offset"].tolist()
    clips = np.zeros((len(offset) - 1, _LENGTH), dtype=np.float32)
    for row, (start, stop) in enumerate(pairwise(offset)):
        sound = part["waveform"][start : min(stop, start + _LENGTH)].astype(np.float32)
        clips[row, : len(sound)] = sound / max(1.0, float(np.abs(sound).max(initial=0)))
    y = torch.from_numpy(part["digit"].astype(np.int64))
    take, speaker = part["take"].astype(int), [str(name) for name in part["speaker"]]
    return Labelled(
        x=torch.from_numpy(clips),
        y=y,
        split=_split(torch.from_numpy(take // _TAKES_PER_FOLD + 1), fold, val_fold),
        classes=DIGITS,
        mix=lambda first, second, level: first + level * second,
        finish=spoken_digit_features,
        attributes={"name": [f"{d}_{s}_{t}" for d, s, t in zip(y.tolist(), speaker, take.tolist(), strict=True)]},
        provenance=Provenance(note="FSDD: speakers are in all splits", files=checksums([path])),
    )


def spoken_digits(folder: str | Path, names: Sequence[str]) -> dict[str, tuple[Float32[np.ndarray, " samples"], int]]:
    """Clips ``<digit>_<speaker>_<take>`` as they were recorded, with their samples a second; those that there are.

    Raises:
        DataError: if the file is unreadable or lacks a key.
    """
    part = read_npz(Path(folder) / FILE, _KEYS)
    found = {}
    rows = zip(*(part[key].tolist() for key in _KEYS[2:]), pairwise(part["offset"].tolist()), strict=True)
    for digit, speaker, take, (start, stop) in rows:
        if (name := f"{digit}_{speaker}_{take}") in names:
            found[name] = (part["waveform"][start:stop].astype(np.float32) / np.iinfo(np.int16).max, _RATE)
    return found


def spoken_digit_features(waveform: Tensor) -> Tensor:
    """Log energy in 32 mel bands of 12 equal parts of the time that a clip sounds, less its mean: nothing is learned.

    Shapes:
        waveform [n, samples] at 8 kHz → [n, 384]

    Example:
        >>> spoken_digit_features(torch.randn(2, 8192)).shape
        torch.Size([2, 384])
    """
    window, filters = torch.hann_window(_WINDOW), _mel_filters()
    return torch.cat([_features(part, window, filters) for part in waveform.float().split(500)])


def _features(waveform: Tensor, window: Tensor, filters: Tensor) -> Tensor:
    spectrum = torch.stft(waveform, _WINDOW, _HOP, window=window, return_complex=True).abs().square()
    energy = filters @ spectrum
    logarithm = (energy + 1e-6 * energy.amax((1, 2), keepdim=True).clamp_min(1e-6)).log()
    loudness = energy.sum(1)
    rows = []
    for picture, heard in zip(logarithm, loudness > 1e-3 * loudness.amax(1, keepdim=True), strict=True):
        where = heard.nonzero()[:, 0]
        clip = picture[:, where[0] : where[-1] + 1] if len(where) else picture
        rows.append(F.adaptive_avg_pool1d(clip[None], _PARTS).flatten())
    table = torch.stack(rows)
    return table - table.mean(1, keepdim=True)


def _mel_filters() -> Tensor:
    """Triangles over the bins of the spectrum, evenly spaced in O'Shaughnessy's mel from 60 Hz to 4 kHz."""
    top, bottom = (2595 * np.log10(1 + f / 700) for f in (4000.0, 60.0))
    edge = 700 * (10 ** (np.linspace(bottom, top, _BANDS + 2) / 2595) - 1)
    bins = np.linspace(0, 4000, _WINDOW // 2 + 1)
    return torch.from_numpy(triangles(edge.astype(np.float32), bins.astype(np.float32)))


def load_digit_pictures(fold: int = 1, val_fold: int | None = None) -> Labelled:
    """scikit-learn's 1797 pictures of 8 × 8 as 64 features in [0, 1].

    Fold k tests on the k-th of ten consecutive parts: other writers than the rest, as far as the order tells.

    Example:
        >>> load_digit_pictures().x.shape
        torch.Size([1797, 64])
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    n = len(bunch.target)
    part = torch.arange(n) * 10 // n + 1
    return Labelled(
        x=torch.from_numpy(bunch.data).float() / 16,
        y=torch.from_numpy(bunch.target).long(),
        split=_split(part, fold, val_fold),
        classes=DIGITS,
        attributes={"row": torch.arange(n)},
        provenance=Provenance(note="scikit-learn's digit pictures"),
    )


def _split(part: Tensor, fold: int, val_fold: int | None) -> Tensor:
    split = torch.full_like(part, TRAIN)
    if val_fold is not None:
        split[part == val_fold] = VAL
    split[part == fold] = TEST
    return split
