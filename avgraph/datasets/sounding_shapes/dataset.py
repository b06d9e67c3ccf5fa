"""Generated shapes that move over clouds of colour and sound: class is timbre; nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.compose import compose
from avgraph.datasets.composed.composition import Composition
from avgraph.datasets.composed.materials import SILENT, CutOuts, Materials, Sounds, noise_backgrounds
from avgraph.datasets.composed.noise import noise_sounds
from avgraph.datasets.sounding_shapes.shapes import COLOURS, SHAPES, shape_cut_outs
from avgraph.datasets.sounding_shapes.timbres import TIMBRES, shape_sounds
from avgraph.errors import DataError

FIFTHS = 5  # of the recordings of a class: one to test, one to validate, three to train
_BACKGROUNDS = 200


@dataclass(frozen=True, kw_only=True)
class SoundingShapes(Composition):
    """Shapes as moving, sounding objects, the first ``classes`` of twelve; the others never sound.

    Colour, pitch and time of the sound say nothing about the class: the shape tells what is seen, the timbre what is
    heard. Training, validation and test clips hear different recordings.

    Args:
        classes: shapes that sound, 2 to 12.
        recordings: of each class, 5 or more; a fifth each for the validation and the test clips.
        silent_shapes: how likely a silent shape is one that never sounds.

    Raises:
        DataError: if an option is out of range.

    Example:
        >>> small = SoundingShapes(train_clips=4, val_clips=0, test_clips=2, frames=2, size=16, classes=4, recordings=5)
        >>> data = small.load()
        >>> data["frame"].x.shape, data.provenance["source"]
        (torch.Size([12, 3, 16, 16]), 'synthetic')
    """

    classes: int = 8
    recordings: int = 20
    silent_shapes: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.classes <= len(SHAPES):
            raise DataError(f"dataset.classes: expected 2 to {len(SHAPES)}, got {self.classes}")
        if self.recordings < FIFTHS:
            raise DataError(f"dataset.recordings: expected at least {FIFTHS}, got {self.recordings}")
        if not 0 <= self.silent_shapes <= 1:
            raise DataError(f"dataset.silent_shapes: expected 0 to 1, got {self.silent_shapes}")

    def load(self) -> HeteroData:
        """The graph that `avgraph.segmentation` describes, with all conditions to test under.

        Raises:
            DataError: if there are too few classes for ``max_objects``.
        """
        names = [f"{shape} {take + 1}" for shape in SHAPES for take in range(COLOURS)]
        y = np.arange(len(SHAPES)).repeat(COLOURS)
        y[y >= self.classes] = SILENT
        heard = np.arange(self.classes).repeat(self.recordings)
        take = np.tile(np.arange(self.recordings), self.classes)
        split = np.select([take % FIFTHS == 0, take % FIFTHS == 1], [2, 1], 0)
        classes = list(SHAPES)[: self.classes]
        sounds = [f"{classes[k]} recording {row + 1}" for k, row in zip(heard, take, strict=True)]
        materials = Materials(
            cut_outs=CutOuts(shape_cut_outs(self.seed), names, y, np.ones((3, len(y)), dtype=bool)),
            sounds=Sounds(
                shape_sounds(self.classes, self.recordings, self.seed), sounds, heard, split == np.arange(3)[:, None]
            ),
            classes=classes,
            backgrounds=[noise_backgrounds(_BACKGROUNDS, [self.seed, 13, part]) for part in range(3)],
            noise=noise_sounds(8, self.seed),
            provenance={
                "dataset": "sounding_shapes",
                "source": "synthetic",
                "seed": self.seed,
                "note": "made from random numbers; says nothing about real pictures or sounds",
                "classes": classes,
                "files": {},
            },
        )
        assert len(TIMBRES) == len(SHAPES)
        return compose(materials, self, self.silent_shapes)
