"""What clips are composed of: cut-outs with exact outlines, sounds, backgrounds, each with the splits it may be in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Int64, UInt8
from torch import Tensor
from torch.nn import functional

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


def noise_backgrounds(count: int, seed: Sequence[int], side: int = 32) -> UInt8[Tensor, "n 3 b b"]:
    """Coloured clouds with some grain, where there are no pictures.

    Example:
        >>> noise_backgrounds(2, [0]).shape
        torch.Size([2, 3, 32, 32])
    """
    rng = np.random.default_rng(list(seed))
    total = torch.zeros(count, 3, side, side)
    for cells, weight in ((2, 1.0), (4, 0.8), (8, 0.6), (side, 0.15)):
        values = torch.from_numpy(rng.normal(size=(count, 3, cells, cells)).astype(np.float32))
        total += weight * functional.interpolate(values, size=(side, side), mode="bilinear", align_corners=False)
    return (127.5 + 55.0 * total).round().clamp(0, 255).to(torch.uint8)
