"""Recordings with captions, AudioCaps and Clotho: their options. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from avgraph.datasets.base import Dataset, DatasetStatus, Root
from avgraph.datasets.captions.tables import CaptionLayout
from avgraph.graph.vocabulary import SPLITS
from avgraph.options.inputs import Input, named
from avgraph.options.paths import FilePath
from avgraph.options.values import Rate

if TYPE_CHECKING:
    import torch_geometric.data

_PUBLISHED = {"train": "development", "val": "validation", "test": "evaluation"}


class Captioned(Dataset):
    """Base of the sets of recordings with captions.

    Attributes:
        root: folder of the recordings; none looks in the set's folder of ``$AVGRAPH_DATA``, then in the user cache.
        captions: folder of the tables; none looks in ``root``, then in ``$AVGRAPH_DATA/captions``.
        seconds: length of every log-mel; longer recordings are cut, shorter ones padded with silence.
        on_missing_audio: whether a row without a recording is an error or left out; a warning counts them.
    """

    path_keys = ("root", "captions")
    layout: ClassVar[CaptionLayout]
    """What its tables and folders are called."""

    root: FilePath | None = None
    captions: FilePath | None = None
    seconds: Rate
    on_missing_audio: Literal["error", "drop"] = "error"

    def load(self) -> torch_geometric.data.HeteroData:
        """Graph without edges: ``audio`` (raw log-mels) and ``text`` nodes, a caption has the ``y`` of its recording.

        Shapes:
            audio.x uint8 [n, 128, frames], audio.y [n] = 0 … n-1; text.y [captions]: the recording each is of.

        Raises:
            DataError: naming the folder, or the table and the line, of what cannot be used.

        Example:
            >>> from avgraph.datasets import AudioCaps
            >>> AudioCaps(root="/nowhere").load()
            Traceback (most recent call last):
            avgraph.errors.DataError: dataset.root: /nowhere does not exist
        """
        from avgraph.datasets.captions.graph import load_captioned

        return load_captioned(self)

    def node_types(self) -> tuple[str, ...]:
        """Recordings and their captions."""
        return ("audio", "text")

    def inputs(self) -> Iterator[Input]:
        """The folders of recordings and of tables."""
        yield from super().inputs()
        yield from named(("captions",), self.captions, "folder")

    @classmethod
    def describe(cls, root: Root = None) -> DatasetStatus:
        """Its folder, how many of its recordings are there, and what it lacks; no audio is read."""
        from avgraph.datasets.captions.graph import describe_captioned

        return describe_captioned(cls, root)


class AudioCaps(Captioned):
    """AudioCaps: recordings of YouTube with one caption to train, five to validate and test.

    49,274 training recordings of 10 s, 494 to validate and 957 to test (Kim et al., NAACL 2019). They are YouTube's and
    not passed on with the captions; `avgraph.datasets.captions.tables` says how their folder looks. The log-mels of
    the whole set take 2.8 GB of memory.
    """

    layout = CaptionLayout(
        "audiocaps",
        tables={split: (f"audiocaps_{split}.csv", f"{split}.csv") for split in SPLITS},
        folders={split: (split,) for split in SPLITS},
        homepage="https://audiocaps.github.io",
    )

    type: Literal["audiocaps"] = "audiocaps"
    seconds: Rate = 10.0


class Clotho(Captioned):
    """Clotho: recordings of Freesound with five captions each.

    3,839 recordings of 15 to 30 s to train, 1,045 each to validate and test (Clotho 2;
    Drossos, Lipping & Virtanen, ICASSP 2020). Read as published (``development/``, ``validation/``, ``evaluation/`` and
    ``clotho_captions_….csv``), or as `avgraph.datasets.captions.tables` says. Four file names occur in two splits, so
    that each needs a folder of its own.
    """

    layout = CaptionLayout(
        "clotho",
        tables={split: (f"clotho_{split}.csv", f"clotho_captions_{_PUBLISHED[split]}.csv") for split in SPLITS},
        folders={split: (_PUBLISHED[split], split) for split in SPLITS},
        homepage="https://zenodo.org/records/4783391",
    )

    type: Literal["clotho"] = "clotho"
    seconds: Rate = 30.0
