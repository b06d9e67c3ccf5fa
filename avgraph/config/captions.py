"""Options of the data sets of recordings with captions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from avgraph.options.base import DatasetOptions, EdgeType, Rate
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath
from avgraph.options.problems import Path


class _CaptionOptions(DatasetOptions):
    path_keys = ("root", "captions")

    root: FilePath | None = None
    captions: FilePath | None = None
    on_missing_audio: Literal["error", "drop"] = "error"

    def node_types(self) -> tuple[str, ...]:
        """Recordings and their captions."""
        return ("audio", "text")

    def edge_types(self) -> dict[Path, EdgeType]:
        """None: a method or transforms add them."""
        return {}

    def inputs(self) -> Iterator[Input]:
        """The folders of recordings and of tables."""
        yield from super().inputs()
        yield from named(("captions",), self.captions, "folder")


class AudioCapsOptions(_CaptionOptions):
    """AudioCaps: recordings of YouTube with one caption to train, five to validate and test.

    Attributes:
        root: folder of the recordings; none looks in ``$AVGRAPH_DATA/audiocaps``, then in the user cache.
        captions: folder of the tables; none looks in ``root``, then in ``$AVGRAPH_DATA/captions``.
        on_missing_audio: whether a row without a recording is an error or left out.
        seconds: length of every log-mel.
    """

    type: Literal["audiocaps"] = "audiocaps"
    seconds: Rate = 10.0


class ClothoOptions(_CaptionOptions):
    """Clotho: recordings of Freesound with five captions each; options as for AudioCaps."""

    type: Literal["clotho"] = "clotho"
    seconds: Rate = 30.0
