"""What clips are composed of: cut-outs with exact outlines, sounds, backgrounds, each with the splits it may be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Int64, UInt8
from torch import Tensor

from avgraph.graph.provenance import Provenance

SILENT = -1
"""Class of a cut-out that makes no sound, and of a sound that is none or several."""


@dataclass(frozen=True)
class CutOuts:
    """Pictures with an outline.

    Attributes:
        picture: red, green, blue and alpha; the alpha is the outline.
        name: of each.
        y: index of its class, -1 where it makes no sound.
        usable: whether it may be shown in clips of the training, validation and test split.
    """

    picture: UInt8[np.ndarray, "n p p 4"]
    name: Sequence[str]
    y: Int64[np.ndarray, " n"]
    usable: Bool[np.ndarray, "3 n"]


@dataclass(frozen=True)
class Sounds:
    """Log-mels of recordings; attributes as of `CutOuts`."""

    x: UInt8[Tensor, "n bands columns"]
    name: Sequence[str]
    y: Int64[np.ndarray, " n"]
    usable: Bool[np.ndarray, "3 n"]


@dataclass(frozen=True)
class Materials:
    """All that clips are composed of.

    Attributes:
        cut_outs: what is shown.
        sounds: what is heard.
        classes: names of the classes.
        backgrounds: small pictures [n, 3, b, b], one set a split.
        noise: log-mels of noise to test under.
        training_noise: log-mels of noise to train with.
        provenance: of the data set.
    """

    cut_outs: CutOuts
    sounds: Sounds
    classes: Sequence[str]
    backgrounds: Sequence[UInt8[Tensor, "_n 3 b b"]]
    noise: UInt8[Tensor, "m bands columns"]
    training_noise: UInt8[Tensor, "t bands columns"]
    provenance: Provenance = field(default_factory=Provenance)
