"""Pair sounds and pictures by class: every sound gets a picture of its class and its split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from avgraph.datasets.paired.labelled import Labelled
from avgraph.errors import DataError


@dataclass(frozen=True)
class Pairs:
    """Which rows of two modalities make a clip.

    Attributes:
        audio, visual: rows.
        y: class of the clip.
        split: 0 training, 1 validation, 2 test.
        classes: names.

    Shapes:
        audio, visual, y, split [n]
    """

    audio: Int64[Tensor, " n"]
    visual: Int64[Tensor, " n"]
    y: Int64[Tensor, " n"]
    split: Int64[Tensor, " n"]
    classes: tuple[str, ...]


def pair_by_class(audio: Labelled, visual: Labelled, class_map: Mapping[str, Sequence[str]], seed: int = 0) -> Pairs:
    """Draw a picture for every sound of the mapped classes, each picture once as long as there are any left.

    A sound and its picture come from the same split, so that no picture of a test clip is seen in training.

    Args:
        audio, visual: the two sets.
        class_map: class of pictures → classes of sounds that go with it.
        seed: of the draw.

    Raises:
        DataError: if a class is unknown, or a split has sounds of a class but no pictures.

    Example:
        >>> sounds = Labelled(torch.zeros(3, 1), torch.tensor([0, 1, 1]), torch.tensor([0, 0, 2]), ("bark", "meow"))
        >>> shots = Labelled(torch.zeros(3, 1), torch.tensor([1, 0, 0]), torch.tensor([0, 0, 2]), ("cat", "dog"))
        >>> pairs = pair_by_class(sounds, shots, {"dog": ["bark"], "cat": ["meow"]})
        >>> pairs.audio.tolist(), pairs.visual.tolist(), pairs.y.tolist()
        ([0, 1, 2], [0, 1, 2], [0, 1, 1])
    """
    rng = np.random.default_rng(seed)
    clip_of: dict[int, tuple[int, int]] = {}
    for index, (picture, sounds) in enumerate(class_map.items()):
        pool, wanted = visual.rows(picture), audio.rows(*sounds)
        for split in wanted.new_tensor([0, 1, 2]):
            mine = wanted[audio.split[wanted] == split]
            pictures = pool[visual.split[pool] == split].numpy()
            if len(mine) and not len(pictures):
                name = ("training", "validation", "test")[int(split)]
                raise DataError(f"class '{picture}': {len(mine)} {name} sounds, but no {name} picture")
            rounds = -(-len(mine) // max(1, len(pictures)))
            drawn = np.concatenate([rng.permutation(pictures) for _ in range(rounds)] or [pictures])[: len(mine)]
            clip_of |= {row: (int(shot), index) for row, shot in zip(mine.tolist(), drawn, strict=True)}
    rows = sorted(clip_of)  # in the order of the sounds
    return Pairs(
        audio=torch.tensor(rows),
        visual=torch.tensor([clip_of[row][0] for row in rows]),
        y=torch.tensor([clip_of[row][1] for row in rows]),
        split=audio.split[torch.tensor(rows)],
        classes=tuple(class_map),
    )
