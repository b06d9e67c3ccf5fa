"""ESC-10 and ESC-50 (Piczak, ACM Multimedia 2015): their options, and the graph of their clips and labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from torch_geometric.data import HeteroData

from avgraph.datasets.esc import EscName, load_esc
from avgraph.datasets.leakage import OnLeakage
from avgraph.graph.masks import check_folds


class EscDataset:
    """Sounds of 5 s in named classes and 5 published folds (Piczak, ACM Multimedia 2015).

    Args:
        root: folder of the data; None looks in ``$AVGRAPH_DATA``, then in the user's cache.
        fold: published fold to test on, 1 to 5.
        val_fold: published fold to validate on, or None.
        on_missing: what to try, in order, when there is no data and no ``root``: "download", "synthetic".
        on_leakage: when clips of a test recording are in another fold: "warn", "drop" them there, or "error".

    Raises:
        DataError: if a fold is out of range or equals the other.
    """

    dataset: ClassVar[EscName]

    def __init__(
        self,
        root: str | Path | None = None,
        fold: int = 1,
        val_fold: int | None = None,
        on_missing: Sequence[Literal["download", "synthetic"]] = ("download", "synthetic"),
        on_leakage: OnLeakage = "warn",
    ) -> None:
        check_folds(fold, val_fold)
        self.root = root
        self.fold = fold
        self.val_fold = val_fold
        self.on_missing = tuple(on_missing)
        self.on_leakage: OnLeakage = on_leakage

    def load(self) -> HeteroData:
        """Graph without edges: ``audio`` (raw log-mels, labels, masks) and ``label`` (class names).

        Shapes:
            audio.x uint8 [n, 128, 216]; audio.y, audio.fold int64 [n]; label.y int64 [C].

        Raises:
            DataError: if no data can be had, or what is there cannot be used.
        """
        return load_esc(
            self.dataset,
            root=self.root,
            fold=self.fold,
            val_fold=self.val_fold,
            on_missing=self.on_missing,
            on_leakage=self.on_leakage,
        )


class ESC10(EscDataset):
    """ESC-10: 400 environmental sounds of 5 s in 10 classes and 5 folds (Piczak, ACM Multimedia 2015).

    Its own folder is read as well as the clips marked ``esc10`` in a full ESC-50; see
    :mod:`avgraph.datasets.esc_layout`. Options and graph are those of `EscDataset`.

    Example:
        >>> ESC10(fold=2, val_fold=3).fold
        2
    """

    dataset = "esc10"


class ESC50(EscDataset):
    """ESC-50: 2,000 environmental sounds of 5 s in 50 classes and 5 folds (Piczak, ACM Multimedia 2015).

    Prepared log-mel pictures are read as well as the published archive; see :mod:`avgraph.datasets.esc_layout`.
    Options and graph are those of `EscDataset`.

    Example:
        >>> ESC50(fold=2, val_fold=3).fold
        2
    """

    dataset = "esc50"
