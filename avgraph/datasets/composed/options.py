"""How many clips are composed, of what size, and what happens in them: options of composed data sets. No torch."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from avgraph.datasets.base import Segmentation, Side
from avgraph.options.mistakes import mistakes
from avgraph.options.values import Count, Positive, Seed, Share

Objects = Annotated[int, Field(ge=1, le=8)]
Condition = Literal["heard", "silence", "off_screen", "noise"]
"""What is heard in a clip: what it shows, or one of three things that leave its mask empty."""


class Composed(Segmentation):
    """Options of clips that are composed of cut-outs, sounds and backgrounds.

    Attributes:
        train_clips: clips to train on.
        val_clips: clips to validate on.
        test_clips: clips to test on.
        frames: of a clip.
        size: height and width of a frame in pixels.
        min_objects: fewest cut-outs of a clip; each is of another class.
        max_objects: most.
        max_sounding: most that sound at once; two are mixed by the maximum of their normalised log-mels, a stand-in
            for the sum of their powers, whose levels are lost.
        silence_share: share of training clips with silence, whose mask is empty.
        off_screen_share: share of training clips with the sound of a class that they do not show; their mask is empty.
        noise_share: share of training clips with coloured noise, whose mask is empty; the noise to test under is white.
        seed: of all that is drawn.
    """

    train_clips: Positive = 2000
    val_clips: Count = 300
    test_clips: Positive = 500
    frames: Annotated[int, Field(ge=1, le=64)] = 3
    size: Side = 64
    min_objects: Objects = 1
    max_objects: Objects = 3
    max_sounding: Annotated[int, Field(ge=1, le=2)] = 1
    silence_share: Share = 0.12
    off_screen_share: Share = 0.08
    noise_share: Share = 0.0
    seed: Seed = 0

    @property
    def clips(self) -> tuple[int, int, int]:
        """Clips of the three splits."""
        return self.train_clips, self.val_clips, self.test_clips

    @property
    def absent_shares(self) -> dict[Condition, float]:
        """Shares of the training clips in which nothing that is shown is heard."""
        return {"silence": self.silence_share, "off_screen": self.off_screen_share, "noise": self.noise_share}

    @model_validator(mode="after")
    def _composable(self) -> Composed:
        if self.min_objects > self.max_objects:
            message = f"expected at most max_objects ({self.max_objects}), got {self.min_objects}"
            raise mistakes([(("min_objects",), message, self.min_objects)])
        before: list[Condition] = []
        for condition, share in self.absent_shares.items():
            if share > 1 - sum(self.absent_shares[other] for other in before):
                others = " and ".join(f"{other}_share {self.absent_shares[other]:g}" for other in before)
                message = f"expected at most 1 together with {others}, got {share:g}"
                raise mistakes([((f"{condition}_share",), message, share)])
            before.append(condition)
        return self
