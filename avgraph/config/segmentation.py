"""Options of the data sets of audio-visual segmentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from avgraph.config.inputs import Input, named
from avgraph.config.options import DatasetOptions, EdgeType, Positive, SyntheticOnMissing, mistakes
from avgraph.config.paths import FilePath
from avgraph.config.problems import Path
from avgraph.segmentation import AUDIO, CLIP, FRAME

Share = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(ge=16, le=512)]
Objects = Annotated[int, Field(ge=1, le=8)]


class SegmentationOptions(DatasetOptions):
    """What data sets of `avgraph.segmentation` share."""

    def node_types(self) -> tuple[str, ...]:
        """Clips, their frames, what is heard."""
        return (CLIP, FRAME, AUDIO)

    def edge_types(self) -> dict[Path, EdgeType]:
        """None that an option names."""
        return {}


class ComposedOptions(SegmentationOptions):
    """Options of clips that are composed of cut-outs, sounds and backgrounds.

    Attributes:
        train_clips: clips to train on.
        val_clips: clips to validate on.
        test_clips: clips to test on.
        frames: of a clip.
        size: height and width of a frame in pixels.
        min_objects: fewest cut-outs of a clip.
        max_objects: most.
        max_sounding: most that sound at once; two are mixed by the maximum of their log-mels, a stand-in.
        silence_share: share of training clips with silence.
        off_screen_share: share of training clips with the sound of a class that they do not show.
        seed: of all that is drawn.
    """

    train_clips: Positive = 2000
    val_clips: Annotated[int, Field(ge=0)] = 300
    test_clips: Positive = 500
    frames: Annotated[int, Field(ge=1, le=64)] = 3
    size: Side = 64
    min_objects: Objects = 1
    max_objects: Objects = 3
    max_sounding: Annotated[int, Field(ge=1, le=2)] = 1
    silence_share: Share = 0.12
    off_screen_share: Share = 0.08
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="after")
    def _composable(self) -> ComposedOptions:
        if self.min_objects > self.max_objects:
            message = f"expected at most max_objects ({self.max_objects}), got {self.min_objects}"
            raise mistakes([(("min_objects",), message, self.min_objects)])
        if self.silence_share + self.off_screen_share > 1:
            message = f"expected at most 1 together with silence_share {self.silence_share:g}, got "
            message += f"{self.off_screen_share:g}"
            raise mistakes([(("off_screen_share",), message, self.off_screen_share)])
        return self


class StampsOptions(ComposedOptions):
    """Picture stamps that move over backgrounds, with recordings of what they show.

    Attributes:
        root: folder of the stamps, prepared or as installed by ``tuxpaint-stamps-default``; none looks in
            ``$AVGRAPH_DATA/stamps``, the user cache, and where the package is installed.
        esc50_root: folder of ESC-50; none looks in ``$AVGRAPH_DATA``, then in the user cache.
        cifar10_root: folder of the pictures behind the stamps; none looks as for ESC-50, and takes noise without.
        sounds: ``esc50``, 40 recordings of each of 26 classes, or ``own``, the one sound that comes with a stamp.
        protocol: what is new where it is tested: recordings, pictures, both, or only the clips they are composed to.
        fold: of the recordings, to test on; the next one validates. Pictures are held out by the same number.
        other_stamps: how likely a silent cut-out is one that stands for no class.
        on_missing: ``[synthetic]`` takes sounding shapes where there are no stamps or no recordings; empty makes that
            an error.
    """

    path_keys = ("root", "esc50_root", "cifar10_root")

    type: Literal["stamps"] = "stamps"
    root: FilePath | None = None
    esc50_root: FilePath | None = None
    cifar10_root: FilePath | None = None
    sounds: Literal["esc50", "own"] = "esc50"
    protocol: Literal["new_recordings", "new_pictures", "both", "new_clips"] = "new_recordings"
    fold: Annotated[int, Field(ge=1, le=5)] = 1
    other_stamps: Share = 0.3
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    def inputs(self) -> Iterator[Input]:
        """The three folders."""
        for key in self.path_keys:
            yield from named((key,), getattr(self, key), "folder")

    def unused(self) -> dict[str, str]:
        """Folds where nothing is held out, ESC-50 where it is not heard."""
        found = {}
        if self.sounds == "own":
            found["esc50_root"] = "not used with sounds: own"
        if self.protocol == "new_clips":
            found["fold"] = "not used with protocol: new_clips, which holds nothing out"
        return found

    @model_validator(mode="after")
    def _protocol_fits(self) -> StampsOptions:
        if self.sounds == "own" and self.protocol in ("new_recordings", "new_pictures"):
            message = f"expected 'both' or 'new_clips' with sounds: own, one recording a stamp, got '{self.protocol}'"
            raise mistakes([(("protocol",), message, self.protocol)])
        return self


class SoundingShapesOptions(ComposedOptions):
    """Generated shapes whose class is their timbre, over noise, with shapes that never sound.

    Attributes:
        classes: shapes that sound; there are twelve, and the others never do.
        recordings: of each class; the test and validation clips have their own.
        silent_shapes: how likely a silent shape is one that never sounds.
    """

    type: Literal["sounding_shapes"] = "sounding_shapes"
    classes: Annotated[int, Field(ge=2, le=12)] = 8
    recordings: Annotated[int, Field(ge=5)] = 20
    silent_shapes: Share = 0.3


class _AvsBenchOptions(SegmentationOptions):
    path_keys = ("root",)

    root: FilePath | None = None
    size: Side = 224


class AvsBenchS4Options(_AvsBenchOptions):
    """AVSBench S4: 4,932 clips with one sounding object; of a training clip only the first mask is known.

    Attributes:
        root: folder with ``s4_meta_data.csv``; none looks in ``$AVGRAPH_DATA/avsbench``, then in the user cache.
        size: height and width that frames and masks are brought to.
    """

    type: Literal["avsbench_s4"] = "avsbench_s4"


class AvsBenchMs3Options(_AvsBenchOptions):
    """AVSBench MS3: 424 clips with several sounding objects, all masks known; options as for S4."""

    type: Literal["avsbench_ms3"] = "avsbench_ms3"
