"""How many clips are composed, of what size, and what happens in them: options of every composed data set."""

from __future__ import annotations

from dataclasses import dataclass

from avgraph.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Composition:
    """Options of clips that are composed.

    Args:
        train_clips: clips to train on, with ``val_clips`` and ``test_clips`` beside them.
        val_clips: clips to validate on.
        test_clips: clips to test on.
        frames: of a clip.
        size: height and width of a frame in pixels.
        min_objects: fewest cut-outs of a clip; each is of another class.
        max_objects: most.
        max_sounding: most that sound at once, 1 or 2; two recordings are then mixed by the maximum of their
            normalised log-mels, a stand-in for the sum of their powers, whose levels are lost.
        silence_share: share of training clips with silence, whose mask is empty.
        off_screen_share: share of training clips with the sound of a class that they do not show; their mask is empty.
        seed: of all that is drawn.

    Raises:
        DataError: if a number is out of range.

    Example:
        >>> Composition(size=4)
        Traceback (most recent call last):
        avgraph.errors.DataError: dataset.size: expected 16 to 512, got 4
    """

    train_clips: int = 2000
    val_clips: int = 300
    test_clips: int = 500
    frames: int = 3
    size: int = 64
    min_objects: int = 1
    max_objects: int = 3
    max_sounding: int = 1
    silence_share: float = 0.12
    off_screen_share: float = 0.08
    seed: int = 0

    def __post_init__(self) -> None:
        bounds = {
            "train_clips": (1, None), "val_clips": (0, None), "test_clips": (1, None), "frames": (1, 64),
            "size": (16, 512), "min_objects": (1, 8), "max_objects": (1, 8), "max_sounding": (1, 2),
            "silence_share": (0, 1), "off_screen_share": (0, 1), "seed": (0, None),
        }  # fmt: skip
        for key, (low, high) in bounds.items():
            value = getattr(self, key)
            if not low <= value or (high is not None and not value <= high):
                told = f"at least {low}" if high is None else f"{low} to {high}"
                raise DataError(f"dataset.{key}: expected {told}, got {value}")
        if self.min_objects > self.max_objects:
            told = f"at most max_objects ({self.max_objects})"
            raise DataError(f"dataset.min_objects: expected {told}, got {self.min_objects}")
        if self.silence_share + self.off_screen_share > 1:
            share = f"{1 - self.silence_share:g} beside silence_share {self.silence_share:g}"
            raise DataError(f"dataset.off_screen_share: expected at most {share}, got {self.off_screen_share:g}")

    @property
    def clips(self) -> tuple[int, int, int]:
        """Clips of the three splits."""
        return self.train_clips, self.val_clips, self.test_clips
