"""Waveforms whose partials, envelope and modulation tell the class, while pitch, onsets and level say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from avgraph.datasets.audio import SAMPLE_RATE, SECONDS, log_mel, to_uint8
from avgraph.runtime.progress import progress

_LOWEST, _HIGHEST = 180.0, 420.0  # fundamental in Hz, of every class


@dataclass(frozen=True)
class Timbre:
    """Sound of a class.

    Attributes:
        partials: frequency beside the fundamental, and amplitude, of each.
        decay: of a note, a second; 0 holds it.
        tremolo: changes of loudness a second; 0 for none.
        sweep: octaves that a note rises in a second.
        hiss: amplitude of noise in the note.
    """

    partials: tuple[tuple[float, float], ...]
    decay: float = 0.0
    tremolo: float = 0.0
    sweep: float = 0.0
    hiss: float = 0.0


_EVEN = ((1.0, 1.0), (2.0, 0.6), (3.0, 0.4), (4.0, 0.3), (5.0, 0.2))
_ODD = ((1.0, 1.0), (3.0, 0.7), (5.0, 0.5), (7.0, 0.3))
_BELL = ((1.0, 1.0), (2.76, 0.8), (5.4, 0.6), (8.93, 0.3))
_BRIGHT = ((8.0, 1.0), (11.0, 0.8), (16.0, 0.6))
TIMBRES: tuple[Timbre, ...] = (
    Timbre(_EVEN),
    Timbre(((1.0, 1.0),), sweep=1.5),
    Timbre(_BELL, decay=4.0),
    Timbre(_ODD, tremolo=7.0),
    Timbre((), hiss=1.0, decay=12.0),
    Timbre(_BRIGHT),
    Timbre(_EVEN, sweep=-1.5),
    Timbre((), hiss=1.0, tremolo=4.0),
    Timbre(((1.0, 1.0),), decay=8.0),
    Timbre(_BRIGHT, decay=8.0, sweep=-0.5),
    Timbre(_ODD, hiss=0.3),
    Timbre(_BELL, sweep=0.8, tremolo=12.0),
)


def play(timbre: Timbre, rng: np.random.Generator) -> Float32[np.ndarray, " samples"]:
    """A recording of 5 s: two to five notes at random times and pitches, over faint noise.

    Example:
        >>> play(TIMBRES[0], np.random.default_rng(0)).shape
        (220500,)
    """
    wave = 0.002 * rng.standard_normal(SAMPLE_RATE * SECONDS)
    for onset in np.sort(rng.uniform(0, SECONDS - 0.8, int(rng.integers(2, 6)))):
        length = int(rng.uniform(0.4, 1.2) * SAMPLE_RATE)
        begin = int(onset * SAMPLE_RATE)
        note = _note(timbre, rng.uniform(_LOWEST, _HIGHEST), length, rng)[: len(wave) - begin]
        wave[begin : begin + len(note)] += rng.uniform(0.3, 0.6) * note
    return wave.astype(np.float32)


def _note(timbre: Timbre, pitch: float, length: int, rng: np.random.Generator) -> np.ndarray:
    time = np.arange(length) / SAMPLE_RATE
    # The phase of a tone whose frequency is pitch · 2^(sweep · time).
    rate = timbre.sweep * np.log(2.0)
    turns = pitch * (np.expm1(rate * time) / rate if rate else time)
    wave = timbre.hiss * rng.standard_normal(length)
    for ratio, amplitude in timbre.partials:
        wave = wave + amplitude * np.sin(2 * np.pi * (ratio * turns + rng.random()))
    loudness = np.exp(-timbre.decay * time) * np.minimum(1, np.minimum(time, time[::-1]) / 0.02)
    if timbre.tremolo:
        loudness = loudness * (0.5 + 0.5 * np.cos(2 * np.pi * timbre.tremolo * time))
    found: np.ndarray = wave * loudness
    return found


@lru_cache(maxsize=8)  # of 28 kB a recording
def shape_sounds(classes: int, recordings: int, seed: int) -> UInt8[Tensor, "n 128 216"]:
    """Log-mels of ``recordings`` recordings of each of the first ``classes`` timbres, class by class.

    Example:
        >>> shape_sounds(2, 1, 0).shape
        torch.Size([2, 128, 216])
    """
    rng = np.random.default_rng([seed, 12])
    timbre = [one for one in TIMBRES[:classes] for _ in range(recordings)]
    return torch.stack([to_uint8(log_mel(play(one, rng))) for one in progress(timbre, "sounds of shapes")])
