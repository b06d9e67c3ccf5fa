"""Shapes that move over clouds of colour and sound, composed to clips; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Bool, Float, UInt8
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.compose import compose
from avgraph.datasets.composed.materials import SILENT, CutOuts, Materials, Sounds, noise_backgrounds, noise_sounds
from avgraph.datasets.sounding_shapes.options import FIFTHS, SoundingShapes
from avgraph.datasets.sounding_shapes.timbres import TIMBRES, shape_sounds
from avgraph.graph.provenance import Provenance

_BACKGROUNDS = 200


def load_sounding_shapes(options: SoundingShapes) -> HeteroData:
    """See `SoundingShapes.load`.

    Raises:
        DataError: if there are too few classes for ``max_objects``.
    """
    names = [f"{shape} {take + 1}" for shape in SHAPES for take in range(COLOURS)]
    y = np.arange(len(SHAPES)).repeat(COLOURS)
    y[y >= options.classes] = SILENT
    heard = np.arange(options.classes).repeat(options.recordings)
    take = np.tile(np.arange(options.recordings), options.classes)
    split = np.select([take % FIFTHS == 0, take % FIFTHS == 1], [2, 1], 0)
    classes = list(SHAPES)[: options.classes]
    sounds = [f"{classes[k]} recording {row + 1}" for k, row in zip(heard, take, strict=True)]
    made = shape_sounds(options.classes, options.recordings, options.seed)
    materials = Materials(
        cut_outs=CutOuts(shape_cut_outs(options.seed), names, y, np.ones((3, len(y)), dtype=bool)),
        sounds=Sounds(made, sounds, heard, split == np.arange(3)[:, None]),
        classes=classes,
        backgrounds=[noise_backgrounds(_BACKGROUNDS, [options.seed, 13, part]) for part in range(3)],
        noise=noise_sounds(8, options.seed),
        provenance=Provenance(
            "sounding_shapes",
            "synthetic",
            {"seed": options.seed},
            "made from random numbers; says nothing about real pictures or sounds",
            classes,
            {},
        ),
    )
    assert len(TIMBRES) == len(SHAPES)
    return compose(materials, options, options.silent_shapes)


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
