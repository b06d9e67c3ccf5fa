"""Which cut-outs a clip shows and what is heard in it: drawn clip by clip, before anything is painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from avgraph.datasets.composed.materials import SILENT, CutOuts, Materials
from avgraph.datasets.composed.noise import TRAINING_NOISES
from avgraph.datasets.composed.options import Composed, Condition
from avgraph.errors import DataError
from avgraph.graph.vocabulary import SPLITS


@dataclass(frozen=True)
class Clip:
    """A clip before it is painted.

    Attributes:
        cut_outs: rows of the cut-outs, the first is painted first and may be covered by the others.
        heard: for each of them, whether it sounds.
        condition: "heard"; or "silence", "off_screen" or "noise", where none of them does.
        sounds: rows of the sounds that are heard, one or two, or none.
        off_screen: row of a sound whose class is not shown.
        noise: row of a noise to train with, where that is heard.
        swapped: place of a silent cut-out that has a sound, and the row of that sound; None where there is none.
    """

    cut_outs: tuple[int, ...]
    heard: tuple[bool, ...]
    condition: Condition
    sounds: tuple[int, ...]
    off_screen: int
    noise: int
    swapped: tuple[int, int] | None


class Planner:
    """Draws the clips of one split.

    Args:
        materials: what to compose.
        composition: how.
        split: 0 training, 1 validation, 2 test.
        silent_share: how likely a silent cut-out is one that never makes a sound, rather than one of a class.

    Raises:
        DataError: if the split has too few classes for a clip and a sound that is not in it.
    """

    def __init__(self, materials: Materials, composition: Composed, split: int, silent_share: float) -> None:
        self.composition, self.split, self.silent_share = composition, split, silent_share
        # The clips of a split do not depend on the number of clips of another one.
        self.rng = np.random.default_rng([composition.seed, split])
        self.y = materials.cut_outs.y
        self.shown = _rows_of_classes(materials.cut_outs.y, materials.cut_outs.usable[split], len(materials.classes))
        self.sounds = _rows_of_classes(materials.sounds.y, materials.sounds.usable[split], len(materials.classes))
        self.silent = np.flatnonzero((materials.cut_outs.y == SILENT) & materials.cut_outs.usable[split])
        self.classes = np.array([k for k in range(len(self.shown)) if len(self.shown[k]) and len(self.sounds[k])])
        if len(self.classes) <= composition.max_objects:
            need = f"at least {composition.max_objects + 1} classes to show {composition.max_objects} and hear another"
            raise DataError(f"{SPLITS[split]} clips: expected {need}, got {len(self.classes)}; lower max_objects")

    def draw(self) -> Clip:
        """The next clip."""
        rng, composition = self.rng, self.composition
        objects = int(rng.integers(composition.min_objects, composition.max_objects + 1))
        sounding = int(rng.integers(1, min(objects, composition.max_sounding) + 1))
        # The last class is off screen.
        *classes, absent = rng.permutation(self.classes)[: objects + 1].tolist()
        chosen = [int(rng.choice(self.shown[k])) for k in classes]
        used: set[int] = set()
        for place in range(sounding, objects):
            free = [row for row in self.silent.tolist() if row not in used] if rng.random() < self.silent_share else []
            if free:
                chosen[place] = int(rng.choice(free))
                used.add(chosen[place])
        order = rng.permutation(objects).tolist()
        shown = tuple(chosen[place] for place in order)
        condition = self._condition()
        heard = tuple(place < sounding and condition == "heard" for place in order)
        off_screen = int(rng.choice(self.sounds[absent]))
        silent = [place for place in order if place >= sounding and self.y[chosen[place]] != SILENT]
        own = tuple(int(rng.choice(self.sounds[k])) for k in classes[:sounding])
        sounds = {"heard": own, "off_screen": (off_screen,)}.get(condition, ())
        swapped = (order.index(silent[0]), int(rng.choice(self.sounds[classes[silent[0]]]))) if silent else None
        noise = int(rng.integers(TRAINING_NOISES)) if condition == "noise" else 0
        return Clip(shown, heard, condition, sounds, off_screen, noise, swapped)

    def _condition(self) -> Condition:
        shares = self.composition.absent_shares if self.split == 0 else {}
        at = self.rng.random()
        for condition, share in shares.items():
            if at < share:
                return condition
            at -= share
        return "heard"


def _rows_of_classes(y: np.ndarray, usable: Bool[np.ndarray, " n"], classes: int) -> list[np.ndarray]:
    return [np.flatnonzero((y == k) & usable) for k in range(classes)]


def names_of(clip: Clip, cut_outs: CutOuts, heard: bool) -> str:
    """What a clip shows, the first painted first, or what of it is heard.

    Example:
        >>> import numpy as np
        >>> cut_outs = CutOuts(np.zeros((2, 1, 1, 4), np.uint8), ["cat", "dog"], np.arange(2), np.ones((3, 2), bool))
        >>> clip = Clip((1, 0), (False, True), "heard", (0,), 1, 0, None)
        >>> names_of(clip, cut_outs, heard=False), names_of(clip, cut_outs, heard=True)
        ('dog + cat', 'cat')
    """
    rows = [row for row, on in zip(clip.cut_outs, clip.heard, strict=True) if on or not heard]
    return " + ".join(cut_outs.name[row] for row in rows)
