"""VGGish's log-mels (Hershey et al., ICASSP 2017), which AVSBench publishes in place of sounds: one a second."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from jaxtyping import Float, Float32

from avgraph.datasets.audio import MAX_RATE, MIN_RATE
from avgraph.errors import DataError
from avgraph.io.reading import reading

RATE = 16_000
WINDOW, HOP, FFT = 400, 160, 512
BANDS, COLUMNS = 64, 96
LOWEST, HIGHEST = 125.0, 7500.0
OFFSET = 0.01
_LONGEST = 60  # seconds that are decoded


def vggish_log_mel(waveform: Float[np.ndarray, " samples"]) -> Float32[np.ndarray, "seconds 96 64"]:
    """Log-mels of each .96 s of a recording at 16 kHz; the rest of it is left out.

    Example:
        >>> vggish_log_mel(np.zeros(5 * RATE)).shape
        (5, 96, 64)
    """
    count = max(0, 1 + (len(waveform) - WINDOW) // HOP)
    frames = np.lib.stride_tricks.sliding_window_view(waveform, WINDOW)[::HOP] if count else np.empty((0, WINDOW))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    magnitude = np.abs(np.fft.rfft(frames * window, FFT))
    log_mel = np.log(magnitude @ _filters() + OFFSET)
    seconds = count // COLUMNS
    found: np.ndarray = log_mel[: seconds * COLUMNS].reshape(seconds, COLUMNS, BANDS).astype(np.float32)
    return found


def read_vggish(path: Path, seconds: int) -> Float32[np.ndarray, "seconds 96 64"]:
    """Log-mels of a wav file; a shorter one repeats its last second, as the published ones do.

    Raises:
        DataError: if it is missing, unreadable, shorter than a second or not finite.
    """
    with reading(path, "wav"):
        with soundfile.SoundFile(path) as file:
            if not MIN_RATE <= file.samplerate <= MAX_RATE:
                raise DataError(f"expected {MIN_RATE} to {MAX_RATE} samples a second, got {file.samplerate}")
            wave = file.read(_LONGEST * file.samplerate, dtype="float32", always_2d=True).mean(1)
            rate = file.samplerate
        if not np.isfinite(wave).all():
            raise DataError("holds NaN or infinite samples")
        found = vggish_log_mel(soxr.resample(wave, rate, RATE) if rate != RATE else wave)[:seconds]
        if not len(found):
            raise DataError(f"expected a second of sound, got {len(wave) / rate:.2f} s")
    return np.concatenate([found, found[-1:].repeat(seconds - len(found), 0)])


@lru_cache(maxsize=1)
def _filters() -> Float[np.ndarray, "bins bands"]:
    """Triangles on HTK's mel scale; none takes the bin of 0 Hz."""
    mel = 1127.0 * np.log1p(np.linspace(0, RATE / 2, FFT // 2 + 1) / 700.0)
    low, high = 1127.0 * np.log1p(np.array([LOWEST, HIGHEST]) / 700.0)
    edge = np.linspace(low, high, BANDS + 2)
    rising = (mel[:, None] - edge[:-2]) / (edge[1:-1] - edge[:-2])
    falling = (edge[2:] - mel[:, None]) / (edge[2:] - edge[1:-1])
    filters: np.ndarray = np.maximum(0.0, np.minimum(rising, falling))
    filters[0] = 0.0
    return filters
