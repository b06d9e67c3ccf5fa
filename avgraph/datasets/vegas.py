"""VEGAS: 28,103 clips of videos in 10 classes (Zhou et al., CVPR 2018), as features of audio-visual retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from torch_geometric.data import HeteroData

from avgraph.datasets.audio_visual_features import FeatureSet

_SET = FeatureSet("vegas", ("vegas_feature.h5", "vegas.h5", "vegas.mat"), classes=10)


class VEGAS:
    """VEGAS: 22,482 training, 5,621 test clips in 10 classes; audio [n, 128] (VGGish), visual [n, 1024] (Inception V3).

    The file is ``vegas_feature.h5``; `avgraph.datasets.feature_file` says what it holds.

    Args:
        root: folder of the file; None looks in ``$AVGRAPH_DATA/vegas``, then in the user's cache.
        class_names: names in the order of the labels, which the file does not have.
        val_fraction: of the training clips of every class, set apart to validate.
        seed: of that choice.
        on_missing: ["synthetic"] takes made-up features where there is no file; empty makes that an error.

    Example:
        >>> VEGAS(root="/nowhere").load()
        Traceback (most recent call last):
        avgraph.errors.DataError: dataset.root: /nowhere does not exist
    """

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
        return _SET.load(self.root, self.class_names, self.val_fraction, self.seed, self.on_missing)
