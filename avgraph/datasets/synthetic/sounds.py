"""Sound-like log-mel pictures made from random numbers: a class is a timbre played in a rhythm along a contour.

Onset, pitch, tempo, level, tilt and background vary from recording to recording, so single pixels say little about
the class, while the local shapes a convolution sees (harmonic stacks, sweeps, bursts) and their repetition say much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from avgraph.datasets.audio import BANDS, FRAMES, TOP_DB, hz_to_mel

TIMBRES = ("whistle", "reed", "string", "bell", "hiss")
RHYTHMS = ("single", "ticking", "galloping", "pulsing", "scattered", "steady")
CONTOURS = ("flat", "rising", "falling", "wavering")
EVENTS = 24  # most events a rhythm has in one clip
CHUNK = 50  # clips made at a time: bounds the memory of the intermediate arrays

# Frequency and level of each partial relative to the fundamental. A hiss is one wide band of noise.
_PARTIALS = {
    "whistle": ((1.0, 1.0),),
    "reed": ((1.0, 1.0), (3.0, 0.7), (5.0, 0.5), (7.0, 0.3)),
    "string": ((1.0, 1.0), (2.0, 0.6), (3.0, 0.4), (4.0, 0.3)),
    "bell": ((1.0, 1.0), (2.76, 0.8), (5.4, 0.6), (8.93, 0.3)),
    "hiss": ((1.0, 1.0),),
}
_CLASS_ORDER = np.random.Generator(np.random.PCG64(20)).permutation(len(TIMBRES) * len(RHYTHMS) * len(CONTOURS))


def class_attributes(index: int) -> tuple[int, int, int]:
    """Timbre, rhythm and contour of a class; the classes run through the combinations in one shuffled order."""
    combination = int(_CLASS_ORDER[index])
    rest, contour = divmod(combination, len(CONTOURS))
    timbre, rhythm = divmod(rest, len(RHYTHMS))
    return timbre, rhythm, contour


def class_names(classes: int) -> list[str]:
    """Names of the first ``classes`` classes, which nobody can take for those of a real dataset.

    Example:
        >>> class_names(2)
        ['synthetic ... ...', 'synthetic ... ...']
    """
    attributes = [class_attributes(index) for index in range(classes)]
    return [f"synthetic {RHYTHMS[r]} {CONTOURS[c]} {TIMBRES[t]}" for t, r, c in attributes]


@dataclass(frozen=True)
class Recordings:
    """What all clips cut from one recording share; one row per recording."""

    label: Int[np.ndarray, " m"]
    pitch: Float[np.ndarray, " m"]  # fundamental in Hz
    tempo: Float[np.ndarray, " m"]  # factor on the time between events
    tilt: Float[np.ndarray, " m"]  # slope of the background in dB over the bands
    snr: Float[np.ndarray, " m"]  # level of the loudest event above the background in dB
    depth: Float[np.ndarray, " m"]  # how far the contour moves the pitch, in bands


def draw_recordings(label: Int[np.ndarray, " m"], rng: np.random.Generator) -> Recordings:
    """Draw the properties of one recording per label."""
    count = len(label)
    return Recordings(
        label=label,
        pitch=220.0 * 2.0 ** rng.uniform(0.0, 2.6, count),
        tempo=2.0 ** rng.uniform(-0.4, 0.4, count),
        tilt=rng.uniform(-30.0, 5.0, count),
        snr=rng.uniform(8.0, 30.0, count),
        depth=rng.uniform(8.0, 18.0, count),
    )


def render(
    recordings: Recordings, recording_of: Int[np.ndarray, " n"], rng: np.random.Generator
) -> UInt8[np.ndarray, "n 128 216"]:
    """Cut one clip at a random place from the recording of each entry of ``recording_of``."""
    pictures = np.empty((len(recording_of), BANDS, FRAMES), dtype=np.uint8)
    for start in range(0, len(recording_of), CHUNK):
        rows = recording_of[start : start + CHUNK]
        pictures[start : start + CHUNK] = _render_chunk(recordings, rows, rng)
    return pictures


def _render_chunk(
    recordings: Recordings, rows: Int[np.ndarray, " n"], rng: np.random.Generator
) -> UInt8[np.ndarray, "n 128 216"]:
    attributes = np.array([class_attributes(index) for index in recordings.label[rows].tolist()])
    timbre, rhythm, contour = attributes.T
    onset, length = _events(rhythm, recordings.tempo[rows], rng)
    level, phase = _envelope(onset, length)
    band = _contour(contour, phase) * recordings.depth[rows, None]  # [n, frames], shift in bands
    power = _partials(timbre, recordings.pitch[rows], band) * level[:, None, :]
    power *= (10.0 ** (recordings.snr[rows] / 10.0)).astype(np.float32)[:, None, None]
    power += _background(recordings.tilt[rows], rng)
    # Noise power in a mel band scatters like a sum of a few squared normals; the wider its band, the less.
    spread = np.linspace(5.0, 2.5, BANDS, dtype=np.float32)[:, None]
    scatter = rng.standard_normal(power.shape, dtype=np.float32) * spread
    decibel = 10.0 * np.log10(power) + scatter
    loudest = decibel.max(axis=(1, 2), keepdims=True)
    decibel = np.maximum(decibel, loudest - np.float32(TOP_DB))
    lowest = decibel.min(axis=(1, 2), keepdims=True)
    picture: np.ndarray = np.rint((decibel - lowest) * (255.0 / (loudest - lowest))).astype(np.uint8)
    return picture


def _events(
    rhythm: Int[np.ndarray, " n"], tempo: Float[np.ndarray, " n"], rng: np.random.Generator
) -> tuple[Float[np.ndarray, "n events"], Float[np.ndarray, "n events"]]:
    """Onset and length in frames of each event; an onset beyond the clip means there is none."""
    count = len(rhythm)
    step = np.arange(EVENTS) - 1
    offset = rng.uniform(0.0, 1.0, (count, 1))
    jitter = rng.normal(0.0, 1.0, (count, EVENTS))
    anywhere = rng.uniform(0.0, FRAMES - 10.0, (count, EVENTS))
    tempo = tempo[:, None]
    onset = np.full((count, EVENTS), 2.0 * FRAMES)
    length = np.full((count, EVENTS), 10.0)

    def put(name: str, onsets: np.ndarray, frames: np.ndarray | float) -> None:
        chosen = rhythm == RHYTHMS.index(name)
        onset[chosen] = onsets[chosen]
        length[chosen] = np.broadcast_to(frames, length.shape)[chosen]

    alone = np.where(step == 0, offset * 0.6 * FRAMES, 2.0 * FRAMES)
    put("single", alone, 60.0 * tempo)
    put("ticking", (step + offset) * 22.0 * tempo + jitter * 0.5, 6.0)
    pair = (step // 2 + offset) * 48.0 * tempo + (step % 2) * 13.0 * tempo
    put("galloping", pair + jitter * 0.5, 10.0)
    put("pulsing", (step + offset) * 44.0 * tempo + jitter, 32.0 * tempo)
    put("scattered", np.where(step < 7, anywhere, 2.0 * FRAMES), 12.0)
    put("steady", np.where(step == 0, -20.0 * offset, 2.0 * FRAMES), 2.0 * FRAMES)
    return onset, length


def _envelope(
    onset: Float[np.ndarray, "n events"], length: Float[np.ndarray, "n events"]
) -> tuple[Float[np.ndarray, "n frames"], Float[np.ndarray, "n frames"]]:
    """Power of the sound in each frame, 0 to 1, and how far (0 to 1) the event that sounds there has run."""
    run = (np.arange(FRAMES)[:, None] - onset[:, None, :]) / length[:, None, :]  # [n, frames, events]
    sounding = (run >= 0.0) & (run < 1.0)
    power = np.where(sounding, np.minimum(1.0, (run + 0.02) * 12.0) * 10.0 ** (-1.2 * run), 0.0)
    loudest = power.argmax(axis=2)[:, :, None]
    phase = np.take_along_axis(np.where(sounding, run, 0.0), loudest, axis=2)[:, :, 0]
    level: np.ndarray = np.take_along_axis(power, loudest, axis=2)[:, :, 0]
    return level.astype(np.float32), phase


def _contour(contour: Int[np.ndarray, " n"], phase: Float[np.ndarray, "n frames"]) -> Float[np.ndarray, "n frames"]:
    """Shift of the pitch along an event, about -1 to 1."""
    shapes = (np.zeros_like(phase), 2.0 * phase - 1.0, 1.0 - 2.0 * phase, np.sin(4.0 * np.pi * phase))
    return np.choose(contour[:, None], shapes)


def _partials(
    timbre: Int[np.ndarray, " n"], pitch: Float[np.ndarray, " n"], shift: Float[np.ndarray, "n frames"]
) -> Float[np.ndarray, "n bands frames"]:
    """Power of each partial as a bump over the bands that follows the contour; a hiss is one wide bump."""
    bands_per_mel = (BANDS + 1) / hz_to_mel(np.array(22_050.0)).item()
    bands = np.arange(BANDS, dtype=np.float32)[:, None]
    power = np.zeros((len(timbre), BANDS, FRAMES), dtype=np.float32)
    for index, name in enumerate(TIMBRES):
        rows = np.flatnonzero(timbre == index)
        width = 10.0 if name == "hiss" else 1.1
        for ratio, amplitude in _PARTIALS[name]:
            centre = hz_to_mel(pitch[rows] * ratio)[:, None] * bands_per_mel - 1.0 + shift[rows]
            away = (bands - centre[:, None, :].astype(np.float32)) / np.float32(width)
            power[rows] += np.float32(amplitude) * np.exp(-0.5 * np.square(away))
    return power


def _background(tilt: Float[np.ndarray, " n"], rng: np.random.Generator) -> Float[np.ndarray, "n bands frames"]:
    """Tilted noise that swells slowly, plus one burst or hum per clip that belongs to no class."""
    count = len(tilt)
    slope = tilt[:, None] * np.linspace(0.0, 1.0, BANDS)
    swell = rng.uniform(0.0, 4.0, (count, 1)) * np.sin(
        np.linspace(0.0, 2.0 * np.pi, FRAMES) * rng.uniform(0.3, 2.0, (count, 1)) + rng.uniform(0.0, 6.3, (count, 1))
    )
    noise = (10.0 ** (slope / 10.0))[:, :, None] * (10.0 ** (swell / 10.0))[:, None, :]
    # Short and wide (a burst) or long and narrow (a hum), with equal chance.
    burst = rng.uniform(size=(count, 1)) < 0.5
    place, centre = rng.uniform(0, FRAMES, (count, 1)), rng.uniform(0, BANDS, (count, 1))
    in_time = np.exp(-np.square((np.arange(FRAMES) - place) / np.where(burst, 4.0, 60.0)))
    in_band = np.exp(-np.square((np.arange(BANDS) - centre) / np.where(burst, 25.0, 1.5)))
    level = 10.0 ** (rng.uniform(5.0, 22.0, count) / 10.0)
    stray = (level[:, None] * in_band)[:, :, None] * in_time[:, None, :]
    return (noise + stray).astype(np.float32)
