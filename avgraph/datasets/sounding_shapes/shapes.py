"""Twelve shapes as cut-outs with smooth edges, in several colours, which say nothing about the class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, UInt8

SIDE = 128
COLOURS = 6
_FINER = 4  # samples of an edge along each axis

Points = Float[np.ndarray, "s s"]
Inside = Callable[[Points, Points], Bool[np.ndarray, "s s"]]


def _polygon(corners: int, inner: float = 1.0) -> Inside:
    """A regular polygon, or a star whose dents are at ``inner`` of its radius."""

    def inside(x: Points, y: Points) -> Bool[np.ndarray, "s s"]:
        radius, angle = np.hypot(x, y), np.arctan2(x, -y)
        wedge = np.pi / corners
        off = np.abs((angle + wedge) % (2 * wedge) - wedge)  # from the nearest corner
        if inner == 1.0:
            regular: np.ndarray = radius * np.cos(wedge - off) <= np.cos(wedge)
            return regular
        # The edge runs from (1, 0) to the dent at angle `wedge`.
        dent_x, dent_y = inner * np.cos(wedge), inner * np.sin(wedge)
        at_x, at_y = radius * np.cos(off), radius * np.sin(off)
        star: np.ndarray = (at_x - 1) * dent_y - at_y * (dent_x - 1) <= 0
        return star

    return inside


SHAPES: Mapping[str, Inside] = {
    "circle": lambda x, y: np.hypot(x, y) <= 1,
    "triangle": _polygon(3),
    "ring": lambda x, y: (np.hypot(x, y) <= 1) & (np.hypot(x, y) >= 0.55),
    "star": _polygon(5, 0.42),
    "cross": lambda x, y: (np.minimum(abs(x), abs(y)) <= 0.3) & (np.maximum(abs(x), abs(y)) <= 0.95),
    "square": lambda x, y: np.maximum(abs(x), abs(y)) <= 0.85,
    "crescent": lambda x, y: (np.hypot(x, y) <= 1) & (np.hypot(x - 0.5, y) >= 0.75),
    "bar": lambda x, y: (abs(y) <= 0.28) & (abs(x) <= 1),
    "burst": _polygon(9, 0.6),
    "half": lambda x, y: (np.hypot(x, y - 0.4) <= 0.95) & (y <= 0.4),
    "arrow": lambda x, y: ((abs(y) <= 0.25) & (x >= -0.95) & (x <= 0.2)) | ((x >= 0.2) & (abs(y) <= 0.95 - x)),
    "hexagon": _polygon(6),
}
"""Name → whether a point of [-1, 1]² (y down) is inside."""


@lru_cache(maxsize=2)  # of 5 MB
def shape_cut_outs(seed: int) -> UInt8[np.ndarray, "n 128 128 4"]:
    """Every shape in `COLOURS` colours with a light pattern, shape by shape.

    Example:
        >>> shape_cut_outs(0).shape
        (72, 128, 128, 4)
    """
    rng = np.random.default_rng([seed, 11])
    at = (np.arange(SIDE * _FINER) + 0.5) * 2 / (SIDE * _FINER) - 1
    x, y = np.meshgrid(at, at)
    found = np.empty((len(SHAPES) * COLOURS, SIDE, SIDE, 4), np.uint8)
    for number, inside in enumerate(SHAPES.values()):
        alpha = inside(x, y).reshape(SIDE, _FINER, SIDE, _FINER).mean((1, 3))
        for take in range(COLOURS):
            colour = rng.uniform(0.1, 1.0, 3)
            slope = rng.uniform(-0.25, 0.25, 2)
            light = 1 + slope[0] * x[::_FINER, ::_FINER] + slope[1] * y[::_FINER, ::_FINER]
            rgb = (255 * colour * light[..., None]).clip(0, 255)
            found[number * COLOURS + take] = np.dstack([rgb, 255 * alpha]).round().astype(np.uint8)
    return found
