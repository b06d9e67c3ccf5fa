"""Clotho: sounds of Freesound with five captions each (Drossos, Lipping & Virtanen, ICASSP 2020)."""

from __future__ import annotations

from pathlib import Path

from torch_geometric.data import HeteroData

from avgraph.datasets.caption_files import SPLITS, CaptionLayout
from avgraph.datasets.captioned_audio import OnMissingAudio, load_captioned

_PUBLISHED = {"train": "development", "val": "validation", "test": "evaluation"}
_LAYOUT = CaptionLayout(
    "clotho",
    tables={split: (f"clotho_{split}.csv", f"clotho_captions_{_PUBLISHED[split]}.csv") for split in SPLITS},
    folders={split: (_PUBLISHED[split], split) for split in SPLITS},
    homepage="https://zenodo.org/records/4783391",
)


class Clotho:
    """Clotho 2: 3,839 recordings of 15 to 30 s to train, 1,045 each to validate and test, five captions each.

    Read as published (``development/``, ``validation/``, ``evaluation/`` and ``clotho_captions_….csv``), or as
    `avgraph.datasets.caption_files` says. Four file names occur in two splits, so that each needs a folder of its own.

    Args:
        root: folder of the recordings; None looks for ``$AVGRAPH_DATA/clotho``, then in the user's cache.
        captions: folder of the tables; None looks in ``root``, then in ``$AVGRAPH_DATA/captions``.
        seconds: length of every log-mel; longer recordings are cut, shorter ones padded with silence.
        on_missing_audio: "error", or "drop" rows without a recording; a warning counts them.

    Example:
        >>> Clotho(root="/nowhere").load()
        Traceback (most recent call last):
        avgraph.errors.DataError: dataset.root: /nowhere does not exist
    """

    def __init__(
        self,
        root: str | Path | None = None,
        captions: str | Path | None = None,
        seconds: float = 30.0,
        on_missing_audio: OnMissingAudio = "error",
    ) -> None:
        self.root, self.captions, self.seconds, self.on_missing_audio = root, captions, seconds, on_missing_audio

    def load(self) -> HeteroData:
        """Graph without edges: ``audio`` and ``text`` nodes, a caption has the ``y`` of its recording.

        Raises:
            DataError: naming the folder, or the table and the line, of what cannot be used.
        """
        return load_captioned(_LAYOUT, self.root, self.captions, self.seconds, self.on_missing_audio)
