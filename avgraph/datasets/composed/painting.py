"""Frames painted from cut-outs over a background, and who owns each pixel: Porter and Duff's "over", top first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, UInt8
from torch import Tensor
from torch.nn import functional

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
