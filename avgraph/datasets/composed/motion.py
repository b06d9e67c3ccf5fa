"""Where each cut-out of a clip is, frame by frame: it glides, grows or shrinks a little, may be flipped and tinted."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float32, Int64

SMALLEST, LARGEST = 0.30, 0.55  # longer side of a cut-out, of the side of the frame
GROWTH = 0.12
REACH = 0.18  # how far a cut-out moves in a clip
CROWD = 3  # more cut-outs than these are smaller
MARGIN = 0.20  # of the centre from the edge of the frame
TRIES = 8  # placements drawn, of which the one that overlaps least is taken: masks are seldom all but covered


@dataclass(frozen=True)
class Motion:
    """Of all layers of some clips, and of what is behind them.

    Attributes:
        background: row of the background.
        pan: how far the background is moved, x and y from -1 to 1; mirrored: whether its left is right.
        centre: x and y from 0 (left, top) to 1.
        scale: longer side of the cut-out, of the side of the frame.
        flip: whether left is right.
        gain: of the three colours; shift is added to them, of full brightness.
    """

    background: Int64[np.ndarray, " c"]
    pan: Float32[np.ndarray, "c frames 2"]
    mirrored: Bool[np.ndarray, " c"]
    centre: Float32[np.ndarray, "c layers frames 2"]
    scale: Float32[np.ndarray, "c layers frames"]
    flip: Bool[np.ndarray, "c layers"]
    gain: Float32[np.ndarray, "c layers 3"]
    shift: Float32[np.ndarray, "c layers 3"]

    def of(self, clips: slice) -> Motion:
        """That of some of the clips."""
        return Motion(**{one.name: getattr(self, one.name)[clips] for one in fields(self)})


def draw_motion(
    objects: Int64[np.ndarray, " c"], layers: int, frames: int, backgrounds: int, rng: np.random.Generator
) -> Motion:
    """Motions of ``layers`` cut-outs in each clip, of which it shows the first ``objects``, before a background.

    Example:
        >>> draw_motion(np.array([1, 3]), 3, 5, 2, np.random.default_rng(0)).centre.shape
        (2, 3, 5, 2)
    """
    clips = len(objects)
    start = rng.uniform(MARGIN, 1 - MARGIN, (clips, TRIES, layers, 2))
    end = (start + rng.uniform(-REACH, REACH, start.shape)).clip(MARGIN, 1 - MARGIN)
    nearest = np.minimum(_nearest(start, objects), _nearest(end, objects))
    best = nearest.argmax(1)[:, None, None, None]
    start, end = (np.take_along_axis(value, best, 1)[:, 0] for value in (start, end))
    at = np.linspace(0, 1, frames) if frames > 1 else np.zeros(1)
    pan = rng.uniform(-1, 1, (2, clips, 1, 2))
    first = rng.uniform(SMALLEST, LARGEST, (clips, layers)) * np.sqrt(CROWD / objects.clip(CROWD))[:, None]
    last = first * (1 + rng.uniform(-GROWTH, GROWTH, first.shape))
    return Motion(
        background=rng.integers(backgrounds, size=clips),
        pan=(pan[0] * (1 - at)[:, None] + pan[1] * at[:, None]).astype(np.float32),
        mirrored=rng.random(clips) < 0.5,
        centre=(start[:, :, None] * (1 - at)[:, None] + end[:, :, None] * at[:, None]).astype(np.float32),
        scale=(first[..., None] * (1 - at) + last[..., None] * at).astype(np.float32),
        flip=rng.random((clips, layers)) < 0.5,
        gain=rng.uniform(0.75, 1.25, (clips, layers, 3)).astype(np.float32),
        shift=rng.uniform(-0.06, 0.06, (clips, layers, 3)).astype(np.float32),
    )


def _nearest(centre: np.ndarray, objects: np.ndarray) -> np.ndarray:
    """Smallest distance between two layers that are shown: [clips, tries, layers, 2] → [clips, tries]."""
    distance = np.linalg.norm(centre[:, :, :, None] - centre[:, :, None], axis=-1)
    layers = centre.shape[2]
    distance[..., np.arange(layers), np.arange(layers)] = np.inf
    absent = np.arange(layers) >= objects[:, None]
    distance[(absent[:, :, None] | absent[:, None])[:, None].repeat(centre.shape[1], 1)] = np.inf
    found: np.ndarray = distance.min((2, 3))
    return found
