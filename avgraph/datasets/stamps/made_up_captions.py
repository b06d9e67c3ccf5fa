"""Words, sounds of words and pictures made from random numbers: what stands in for captioned stamps."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from avgraph.datasets.audio import BANDS, frames_of

_THINGS = ("frog", "cow", "owl", "ant", "pear", "bread", "leek", "nut", "tram", "boat", "kite", "van")
_HOW = ("red", "old", "tiny", "round", "green")


def made_up(seconds: float) -> tuple[Any, ...]:
    """What `CaptionedStamps` holds: 60 captions of two words, with a picture and a sound each.

    Example:
        >>> picture, name, category, caption, spoken, log_mel = made_up(2.0)
        >>> len(picture), name[0], category[0], caption[0], log_mel.shape
        (60, 'synthetic red frog', 'synthetic frogs', 'A red frog.', torch.Size([60, 128, 87]))
    """
    rng = np.random.default_rng(0)
    frames = frames_of(seconds)
    words = [*_HOW, *_THINGS]
    length = max(4, frames // 4)
    sound = {word: rng.random((BANDS, length)) for word in words}
    seen = {word: rng.random((8, 8, 4)) for word in words}
    items = [(how, thing) for thing in _THINGS for how in _HOW]
    picture = np.zeros((len(items), 128, 128, 4), np.uint8)
    log_mel = np.zeros((len(items), BANDS, frames), np.float64)
    for row, (how, thing) in enumerate(items):
        mixed = 0.3 * seen[how] + 0.7 * seen[thing] + rng.normal(0, 0.1, (8, 8, 4))
        picture[row] = (mixed.clip(0, 1) * 255).astype(np.uint8).repeat(16, 0).repeat(16, 1)
        spoken = np.concatenate([sound[how], sound[thing]], 1)[:, :frames]
        log_mel[row, :, : spoken.shape[1]] = 60 + 140 * spoken
    log_mel = (log_mel + rng.normal(0, 15, log_mel.shape)).clip(0, 255).astype(np.uint8)
    return (
        picture,
        [f"synthetic {how} {thing}" for how, thing in items],
        [f"synthetic {thing}s" for _, thing in items],
        [f"A {how} {thing}." for how, thing in items],
        np.arange(len(items)),
        torch.from_numpy(log_mel),
    )
