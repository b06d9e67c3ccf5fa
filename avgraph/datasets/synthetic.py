"""A made-up dataset in the shape of ESC-50, so that everything runs where there is no real data; never mistakable."""

from __future__ import annotations

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.synthetic_sounds import MOST_CLASSES, class_names, draw_recordings, render
from avgraph.errors import DataError
from avgraph.graph.masks import check_class_coverage, check_folds, fold_masks

FOLDS = 5
CLIPS_PER_RECORDING = 2


class Synthetic:
    """Seeded sound-like log-mels with named classes, five folds and recordings that give two clips each.

    Both clips of a recording are in the same fold, as in ESC-50. Equal options give equal bytes.

    Args:
        classes: number of classes, 2 to 120.
        clips_per_class: clips of each class, at least 5; the folds get equally many (the first ones one more if 5
            does not divide it).
        fold: fold to test on, 1 to 5.
        val_fold: fold to validate on, or None.
        seed: seed of the generator.

    Raises:
        DataError: if a number is out of range.

    Example:
        >>> data = Synthetic(classes=2, clips_per_class=5).load()
        >>> data["audio"].x.shape, data.provenance["source"]
        (torch.Size([10, 128, 216]), 'synthetic')
    """

    def __init__(
        self, classes: int = 50, clips_per_class: int = 40, fold: int = 1, val_fold: int | None = None, seed: int = 0
    ) -> None:
        if not 2 <= classes <= MOST_CLASSES:
            raise DataError(f"dataset.classes: expected 2 to {MOST_CLASSES}, got {classes}")
        if clips_per_class < FOLDS:
            raise DataError(f"dataset.clips_per_class: expected at least {FOLDS}, got {clips_per_class}")
        if seed < 0:
            raise DataError(f"dataset.seed: expected 0 or more, got {seed}")
        check_folds(fold, val_fold)
        self.classes = classes
        self.clips_per_class = clips_per_class
        self.fold = fold
        self.val_fold = val_fold
        self.seed = seed

    def load(self) -> HeteroData:
        """Graph without edges: ``audio`` (raw log-mels, labels, masks) and ``label`` (class names).

        Shapes:
            audio.x uint8 [classes * clips_per_class, 128, 216]; audio.y, audio.fold int64 [n]; label.y int64 [C].
        """
        rng = np.random.Generator(np.random.PCG64(self.seed))
        # Clip i of a class is in fold i mod 5; within a fold, consecutive ones share a recording.
        take = np.tile(np.arange(self.clips_per_class), self.classes)
        label = np.repeat(np.arange(self.classes), self.clips_per_class)
        fold, place = take % FOLDS, take // FOLDS
        key = np.stack([label, fold, place // CLIPS_PER_RECORDING], axis=1)
        unique, recording = np.unique(key, axis=0, return_inverse=True)
        recording = recording.reshape(-1)
        picture = render(draw_recordings(unique[:, 0], rng), recording, rng)

        data = HeteroData()
        audio, names = data["audio"], class_names(self.classes)
        audio.x = torch.from_numpy(picture)
        audio.y = torch.from_numpy(label)
        audio.fold = torch.from_numpy(fold + 1)
        audio.train_mask, audio.val_mask, audio.test_mask = fold_masks(audio.fold, self.fold, self.val_fold)
        check_class_coverage(audio.y, audio.train_mask, names, "synthetic")
        audio.source_file = [f"synthetic{index:05d}" for index in recording.tolist()]
        audio.name = [
            f"{f + 1}-{source}-{'ABCDEFGH'[p % CLIPS_PER_RECORDING]}-{y}"
            for f, source, p, y in zip(fold, audio.source_file, place, label, strict=True)
        ]
        data["label"].name = names
        data["label"].y = torch.arange(self.classes)
        data["label"].num_nodes = self.classes
        data.provenance = {
            "dataset": "synthetic",
            "source": "synthetic",
            "fold": self.fold,
            "val_fold": self.val_fold,
            "seed": self.seed,
            "note": "made from random numbers; says nothing about real sounds",
            "files": {},
            "leakage": [],
        }
        return data
