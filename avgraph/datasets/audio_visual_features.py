"""AVE and VEGAS: one published file of features each, or a stand-in of its shape."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.clip_graph import clip_graph
from avgraph.datasets.feature_file import feature_graph
from avgraph.datasets.locate import locate
from avgraph.errors import DataError

logger = logging.getLogger(__name__)

_STAND_IN_CLIPS = 600  # the stand-in shows that everything runs; its numbers mean nothing else


class AudioVisualFeatures:
    """Clips of videos as audio [n, 128] (VGGish) and visual [n, 1024] (Inception V3) features.

    `avgraph.datasets.feature_file` says what the file holds. A subclass names the set.

    Args:
        root: folder of the file; None looks in ``$AVGRAPH_DATA/<name>``, then in the user's cache.
        class_names: names in the order of the labels, which the file does not have.
        val_fraction: of the training clips of every class, set apart to validate.
        seed: of that choice.
        on_missing: ["synthetic"] takes made-up features where there is no file; empty makes that an error.
    """

    name: ClassVar[str]
    """Of the set and its folder."""
    files: ClassVar[tuple[str, ...]]
    """Names that the file is passed on under."""
    classes: ClassVar[int]
    """How many classes there are."""

    def __init__(
        self,
        root: str | Path | None = None,
        class_names: Sequence[str] | None = None,
        val_fraction: float = 0.0,
        seed: int = 0,
        on_missing: Sequence[Literal["synthetic"]] = ("synthetic",),
    ) -> None:
        self.root, self.class_names, self.val_fraction = root, class_names, val_fraction
        self.seed, self.on_missing = seed, tuple(on_missing)

    def load(self) -> HeteroData:
        """Graph without edges: ``audio``, ``visual`` (node i of both is clip i) and ``concept`` nodes.

        Raises:
            DataError: if an option is out of range, there is no file, or what is there cannot be used.
        """
        if self.class_names is not None and len(self.class_names) != self.classes:
            raise DataError(f"dataset.class_names: expected {self.classes} names, got {len(self.class_names)}")
        if not 0 <= self.val_fraction < 1:
            raise DataError(f"dataset.val_fraction: expected a fraction in [0, 1), got {self.val_fraction}")
        located = locate([self.name], self.root, lambda folder: self.file_in(folder) is not None)
        path = None if located.folder is None else self.file_in(located.folder)
        if path is not None:
            return feature_graph(path, self.name, self.classes, self.class_names, self.val_fraction, self.seed)
        if "synthetic" not in self.on_missing or self.root is not None:
            looked = ", ".join(str(folder) for folder in located.looked)
            raise DataError(
                f"{self.name}: no {' or '.join(self.files)} in {looked}; its authors give it away on request"
            )
        logger.warning("%s: not found; using SYNTHETIC data in its place", self.name)
        return self._stand_in()

    @classmethod
    def file_in(cls, folder: Path) -> Path | None:
        """The feature file in a folder, if there is one."""
        return next((folder / file for file in cls.files if (folder / file).is_file()), None)

    def _stand_in(self) -> HeteroData:
        draw = torch.Generator().manual_seed(0)
        y = torch.arange(_STAND_IN_CLIPS) % self.classes
        audio, visual = (
            torch.randn(self.classes, width, generator=draw)[y] + 3 * torch.randn(len(y), width, generator=draw)
            for width in (128, 1024)
        )
        split = 2 * (torch.arange(len(y)) // self.classes % 5 == 0).long()
        names = list(self.class_names or (f"class {k}" for k in range(self.classes)))
        note = f"synthetic stand-in for {self.name}: made from random numbers"
        provenance = {"dataset": self.name, "source": "synthetic", "note": note, "classes": names, "files": {}}
        return clip_graph(audio, visual, y, split, names, provenance)


class AVE(AudioVisualFeatures):
    """AVE: 1,564 training, 391 test clips in 15 classes; options and graph are those of `AudioVisualFeatures`.

    The file is ``AVE_feature_updated_squence.h5``.

    Example:
        >>> AVE(root="/nowhere").load()
        Traceback (most recent call last):
        avgraph.errors.DataError: dataset.root: /nowhere does not exist
    """

    name = "ave"
    files = ("AVE_feature_updated_squence.h5", "ave_feature.h5", "ave.h5", "ave.mat")
    classes = 15


class VEGAS(AudioVisualFeatures):
    """VEGAS: 22,482 training, 5,621 test clips in 10 classes; options and graph are those of `AudioVisualFeatures`.

    The file is ``vegas_feature.h5``.

    Example:
        >>> VEGAS(root="/nowhere").load()
        Traceback (most recent call last):
        avgraph.errors.DataError: dataset.root: /nowhere does not exist
    """

    name = "vegas"
    files = ("vegas_feature.h5", "vegas.h5", "vegas.mat")
    classes = 10
