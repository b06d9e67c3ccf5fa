"""Where each cut-out of a clip is, frame by frame, and frames painted of them over a background."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int64, UInt8
from torch import Tensor
from torch.nn import functional

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


LEVELS = 4  # halvings of a cut-out that are kept, so that a small one has no jagged edges
# A pixel is of the topmost cut-out that gives so much of its colour: less than half, so that glass and lightning, which
# are hardly opaque anywhere, have an outline too.
VISIBLE = 0.2


class Painted(NamedTuple):
    """Frames, and the cut-out (1 is the first) that each pixel shows, 0 the background."""

    frame: UInt8[Tensor, "f 3 size size"]
    objects: UInt8[Tensor, "f size size"]


class Pyramid:
    """Cut-outs in `LEVELS` sizes, their colours multiplied by their alpha, and the box that each fills.

    Args:
        picture: red, green, blue, alpha of each.

    Shapes:
        picture uint8 [n, p, p, 4], p a multiple of 8
    """

    def __init__(self, picture: UInt8[np.ndarray, "n p p 4"]) -> None:
        rgba = torch.from_numpy(np.ascontiguousarray(picture)).permute(0, 3, 1, 2).float() / 255
        rgba[:, :3] *= rgba[:, 3:]
        self.level = [rgba]
        for _ in range(LEVELS - 1):
            self.level.append(functional.avg_pool2d(self.level[-1], 2))
        self.centre, self.half = _boxes(rgba[:, 3])

    def sample(
        self, row: Int64[Tensor, " k"], centre: Float[Tensor, "k 2"], scale: Float[Tensor, " k"],
        flip: Float[Tensor, " k"], size: int,
    ) -> Float32[Tensor, "k 4 size size"]:  # fmt: skip
        """The cut-outs ``row`` on empty frames; ``flip`` is 1, or -1 where left is right."""
        ratio = self.half[row] / scale  # of the cut-out's coordinates to those of the frame
        matrix = torch.zeros(len(row), 2, 3)
        matrix[:, 0, 0], matrix[:, 1, 1] = ratio * flip, ratio
        matrix[:, 0, 2] = self.centre[row, 0] - ratio * flip * (2 * centre[:, 0] - 1)
        matrix[:, 1, 2] = self.centre[row, 1] - ratio * (2 * centre[:, 1] - 1)
        side = self.level[0].shape[-1]
        level = (ratio * side / size).log2().floor().clamp(0, LEVELS - 1).long()
        found = torch.empty(len(row), 4, size, size)
        for number in level.unique().tolist():
            own = (level == number).nonzero().flatten()
            grid = functional.affine_grid(matrix[own], [len(own), 4, size, size], align_corners=False)
            found[own] = functional.grid_sample(self.level[number][row[own]], grid, align_corners=False)
        return found


def paint(background: Float[Tensor, "f 3 size size"], layers: Float[Tensor, "f layers 4 size size"]) -> Painted:
    """Put layers over a background, the last on top.

    Args:
        background: colours from 0 to 1.
        layers: colours multiplied by alpha, and alpha; a layer of zeros is none.

    Example:
        >>> one = torch.ones(1, 1, 4, 2, 2)
        >>> one[..., 0] = 0
        >>> painted = paint(torch.zeros(1, 3, 2, 2), one)
        >>> painted.objects.tolist(), painted.frame[0, 0].tolist()
        ([[[0, 1], [0, 1]]], [[0, 255], [0, 255]])
    """
    left = torch.ones_like(background[:, :1])  # how much of what is below is seen
    colour = torch.zeros_like(background)
    objects = torch.zeros(left.shape[0], *left.shape[2:], dtype=torch.uint8)
    for place in reversed(range(layers.shape[1])):
        layer = layers[:, place]
        colour += left * layer[:, :3]
        objects[((left * layer[:, 3:])[:, 0] >= VISIBLE) & (objects == 0)] = place + 1
        left = left * (1 - layer[:, 3:])
    frame = (255 * (colour + left * background)).round().clamp(0, 255).to(torch.uint8)
    return Painted(frame, objects)


def tint(
    layers: Float[Tensor, "k 4 size size"], gain: Float[Tensor, "k 3"], shift: Float[Tensor, "k 3"]
) -> Float[Tensor, "k 4 size size"]:
    """Colours times ``gain`` plus ``shift``, kept between black and white."""
    alpha = layers[:, 3:]
    colour = layers[:, :3] * gain[:, :, None, None] + shift[:, :, None, None] * alpha
    return torch.cat([torch.minimum(colour.clamp(min=0), alpha), alpha], dim=1)


def _boxes(alpha: Float[Tensor, "n p p"]) -> tuple[Float[Tensor, "n 2"], Float[Tensor, " n"]]:
    """Centre (x, y) and half the longer side of what is not empty, in coordinates from -1 to 1."""
    side = alpha.shape[-1]
    found = []
    for axis in (1, 2):  # rows merged: extent in x; columns merged: extent in y
        seen = alpha.amax(axis) >= VISIBLE
        first = seen.float().argmax(1)
        last = side - seen.flip(1).float().argmax(1)
        found.append(torch.stack([first, last], 1) * 2 / side - 1)
    box = torch.stack(found, 1)  # [n, xy, ends]
    return box.mean(2), ((box[..., 1] - box[..., 0]) / 2).amax(1)
