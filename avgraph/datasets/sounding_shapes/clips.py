"""Shapes that move over clouds of colour and sound, composed to clips; nothing is downloaded."""

from __future__ import annotations

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.compose import compose
from avgraph.datasets.composed.materials import SILENT, CutOuts, Materials, Sounds
from avgraph.datasets.composed.noise import (
    TEST_NOISES,
    TRAINING_NOISES,
    coloured_noises,
    noise_backgrounds,
    white_noises,
)
from avgraph.datasets.sounding_shapes.options import FIFTHS, SoundingShapes
from avgraph.datasets.sounding_shapes.shapes import COLOURS, SHAPES, shape_cut_outs
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
        backgrounds=[noise_backgrounds(_BACKGROUNDS, (options.seed, 13, part)) for part in range(3)],
        noise=white_noises(TEST_NOISES, options.seed),
        training_noise=coloured_noises(TRAINING_NOISES, options.seed),
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
