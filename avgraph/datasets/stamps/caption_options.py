"""Picture stamps with what is said and written of them: the options. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from avgraph.datasets.base import DatasetStatus, Folded, Root
from avgraph.options.paths import FilePath
from avgraph.options.values import Rate, SyntheticOnMissing, each_once

if TYPE_CHECKING:
    import torch_geometric.data

Spoken = Literal["fr", "ru", "ro", "ca", "bg", "es"]
Written = Literal[
    "en", "fr", "ru", "ro", "ca", "bg", "es", "de", "it", "nl", "pt", "ja", "zh_CN", "el", "be", "da"
]  # fmt: skip


class StampCaptions(Folded):
    """Picture stamps with their spoken and written captions, in 16 categories.

    934 pictures, 794 captions, some 900 recordings a language of 1.1 s, mostly of one speaker. Captions are in five
    folds: all pictures and recordings of one are in the same. Pictures and recordings have the ``y`` of their caption,
    and their ``category``; categories are the ``label`` nodes.

    Attributes:
        root: folder with ``pictures.npz``, ``stamps.csv`` and ``speech_….ogg``; none looks in ``$AVGRAPH_DATA/stamps``,
            then in the user cache.
        holds: what belongs to captions and labels: recordings, pictures, or both.
        spoken: language of the recordings.
        written: language of the texts.
        pixels: side that a picture is brought to; each pixel gives red, green, blue and how opaque it is.
        seconds: length of every log-mel; longer recordings are cut, shorter ones padded with silence.
        on_missing: ``[synthetic]`` takes made-up words and pictures where there are no stamps; empty makes that an
            error.
    """

    path_keys = ("root",)

    type: Literal["stamp_captions"] = "stamp_captions"
    root: FilePath | None = None
    holds: Annotated[list[Literal["audio", "image"]], Field(min_length=1), AfterValidator(each_once)] = Field(
        default=["audio", "image"]
    )
    spoken: Spoken = "fr"
    written: Written = "en"
    pixels: Annotated[int, Field(ge=2, le=128)] = 16
    seconds: Rate = 2.0
    on_missing: SyntheticOnMissing = Field(default=["synthetic"])

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``audio`` (raw log-mels), ``image``, ``text`` and ``label`` nodes.

        Shapes:
            audio.x uint8 [n, 128, frames]; image.x float32 [m, 4 · pixels²], in [0, 1]; y, category and masks of both
            and of text, one a row; label.y [16].

        Raises:
            DataError: if there are no data, or they cannot be used.

        Example:
            >>> StampCaptions(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.stamps.captions import load_stamp_captions

        return load_stamp_captions(self)

    def node_types(self) -> tuple[str, ...]:
        """What is said, seen and written, and the categories."""
        return (*getattr(self, "holds", ()), "text", "label")  # absent where the options hold mistakes

    def unused(self) -> dict[str, str]:
        """Options of recordings where there are none, and of pictures where there are none."""
        found: dict[str, str] = {}
        if "audio" not in self.holds:
            found |= dict.fromkeys(("spoken", "seconds"), "no recordings are held (holds)")
        if "image" not in self.holds:
            found["pixels"] = "no pictures are held (holds)"
        return found

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its folder, and how many pictures are in it."""
        from avgraph.datasets.stamps.captions import describe_stamp_captions

        return describe_stamp_captions(root, cls.type_name(), cls.what())
