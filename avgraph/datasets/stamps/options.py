"""Picture stamps with recordings of what they show, composed to clips: their options. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from avgraph.datasets.base import DatasetStatus, Fold, Root
from avgraph.datasets.composed.options import Composed
from avgraph.options.inputs import Input, named
from avgraph.options.mistakes import mistakes
from avgraph.options.paths import FilePath
from avgraph.options.values import Share, SyntheticOnMissing

if TYPE_CHECKING:
    import torch_geometric.data

Protocol = Literal["new_recordings", "new_pictures", "both", "new_clips"]


class Stamps(Composed):
    """Picture stamps that move over backgrounds, with recordings of what they show; what is heard is the mask.

    The sounds are real recordings and the outlines are exact, but nothing was recorded together: clips are composed.

    Attributes:
        root: folder of the stamps, prepared or as installed by ``tuxpaint-stamps-default``; none looks in
            ``$AVGRAPH_DATA/stamps``, the user cache, and where the package is installed.
        esc50_root: folder of ESC-50; none looks in ``$AVGRAPH_DATA``, then in the user cache.
        cifar10_root: folder of the pictures behind the stamps; none looks as for ESC-50, and takes noise without.
        sounds: ``esc50``, 40 recordings of each of 26 classes, or ``own``, the one sound that comes with a stamp.
        protocol: what is new where it is tested: recordings, pictures (one cut-out of each class with several is held
            out), both, or only the clips they are composed to. With own sounds, ``both`` holds out stamps with their
            sounds: zero-shot.
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
    protocol: Protocol = "new_recordings"
    fold: Fold = 1
    other_stamps: Share = 0.3
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    def load(self) -> torch_geometric.data.HeteroData:
        """The graph that `avgraph.graph.segmentation` describes, with all conditions to test under.

        Raises:
            DataError: if no data can be had, or what is there cannot be used.

        Example:
            >>> Stamps(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.stamps.clips import load_stamps

        return load_stamps(self)

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its pictures, and the classes of ESC-50 that they show."""
        from avgraph.datasets.stamps.folder import describe_stamps

        return describe_stamps(root, cls.what())

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
    def _protocol_fits(self) -> Stamps:
        if self.sounds == "own" and self.protocol in ("new_recordings", "new_pictures"):
            message = f"expected 'both' or 'new_clips' with sounds: own, one recording a stamp, got '{self.protocol}'"
            raise mistakes([(("protocol",), message, self.protocol)])
        return self
