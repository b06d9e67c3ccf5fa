"""AudioCaps: sounds of YouTube with captions (Kim et al., NAACL 2019)."""

from __future__ import annotations

from pathlib import Path

from torch_geometric.data import HeteroData

from avgraph.datasets.caption_files import SPLITS, CaptionLayout
from avgraph.datasets.captioned_audio import OnMissingAudio, load_captioned

_LAYOUT = CaptionLayout(
    "audiocaps",
    tables={split: (f"audiocaps_{split}.csv", f"{split}.csv") for split in SPLITS},
    folders={split: (split,) for split in SPLITS},
    homepage="https://audiocaps.github.io",
)


class AudioCaps:
    """AudioCaps: 49,274 training recordings of 10 s with a caption each, 494 and 957 with five to validate and test.

    The recordings are YouTube's and not passed on with the captions; `avgraph.datasets.caption_files` says how their
    folder looks. The log-mels of the whole set take 2.8 GB of memory.

    Args:
        root: folder of the recordings; None looks for ``$AVGRAPH_DATA/audiocaps``, then in the user's cache.
        captions: folder of ``audiocaps_train.csv``, ``…_val.csv``, ``…_test.csv``; None looks in ``root``, then in
            ``$AVGRAPH_DATA/captions``.
        seconds: length of every log-mel; longer recordings are cut.
        on_missing_audio: "error", or "drop" rows whose recording YouTube has no more; a warning counts them.

    Example:
        >>> AudioCaps(root="/nowhere").load()
        Traceback (most recent call last):
        avgraph.errors.DataError: dataset.root: /nowhere does not exist
    """

    def __init__(
        self,
        root: str | Path | None = None,
        captions: str | Path | None = None,
        seconds: float = 10.0,
        on_missing_audio: OnMissingAudio = "error",
    ) -> None:
        self.root, self.captions, self.seconds, self.on_missing_audio = root, captions, seconds, on_missing_audio

    def load(self) -> HeteroData:
        """Graph without edges: ``audio`` and ``text`` nodes, a caption has the ``y`` of its recording.

        Raises:
            DataError: naming the folder, or the table and the line, of what cannot be used.
        """
        return load_captioned(_LAYOUT, self.root, self.captions, self.seconds, self.on_missing_audio)
