"""What AVE and VEGAS share: find the feature file, or make a stand-in of its shape."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.clip_graph import clip_graph
from avgraph.datasets.feature_file import feature_graph
from avgraph.datasets.locate import locate
from avgraph.errors import DataError

logger = logging.getLogger(__name__)

_STAND_IN_CLIPS = 600  # the stand-in shows that everything runs; its numbers mean nothing else


@dataclass(frozen=True)
class FeatureSet:
    """A published set of features.

    Attributes:
        name: of the folder.
        files: names it is passed on under.
        classes: how many there are.
    """

    name: str
    files: tuple[str, ...]
    classes: int

    def load(
        self,
        root: str | Path | None,
        class_names: Sequence[str] | None,
        val_fraction: float,
        seed: int,
        on_missing: Sequence[Literal["synthetic"]],
    ) -> HeteroData:
        """Graph without edges: ``audio``, ``visual`` and ``concept`` nodes.

        Raises:
            DataError: if there is no such file and no stand-in is allowed, or what is there cannot be used.
        """
        if class_names is not None and len(class_names) != self.classes:
            raise DataError(f"dataset.class_names: expected {self.classes} names, got {len(class_names)}")
        if not 0 <= val_fraction < 1:
            raise DataError(f"dataset.val_fraction: expected a fraction in [0, 1), got {val_fraction}")
        located = locate([self.name], root, lambda folder: self._file(folder) is not None)
        if located.folder is not None:
            path = self._file(located.folder)
            assert path is not None
            return feature_graph(path, self.name, self.classes, class_names, val_fraction, seed)
        if "synthetic" not in on_missing or root is not None:
            looked = ", ".join(str(folder) for folder in located.looked)
            raise DataError(
                f"{self.name}: no {' or '.join(self.files)} in {looked}; its authors give it away on request"
            )
        logger.warning("%s: not found; using SYNTHETIC data in its place", self.name)
        return self._stand_in(class_names)

    def _file(self, folder: Path) -> Path | None:
        return next((folder / file for file in self.files if (folder / file).is_file()), None)

    def _stand_in(self, class_names: Sequence[str] | None) -> HeteroData:
        draw = torch.Generator().manual_seed(0)
        y = torch.arange(_STAND_IN_CLIPS) % self.classes
        audio, visual = (
            torch.randn(self.classes, width, generator=draw)[y] + 3 * torch.randn(len(y), width, generator=draw)
            for width in (128, 1024)
        )
        split = 2 * (torch.arange(len(y)) // self.classes % 5 == 0).long()
        names = list(class_names or (f"class {k}" for k in range(self.classes)))
        note = f"synthetic stand-in for {self.name}: made from random numbers"
        provenance = {"dataset": self.name, "source": "synthetic", "note": note, "classes": names, "files": {}}
        return clip_graph(audio, visual, y, split, names, provenance)
