"""CIFAR-10 pictures as feature vectors (Krizhevsky 2009; features of an ImageNet network, see the file's README)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from avgraph.datasets.paired.labelled import TEST, TRAIN, VAL, Labelled
from avgraph.graph.provenance import Provenance
from avgraph.io.files_read import checksums
from avgraph.io.npz import read_npz

FILE = "efficientnet_lite0_pca384.npz"
NOTE = "CIFAR-10 as 384 features of an ImageNet network (EfficientNet-Lite0, PCA) of lossy copies of the pictures"
_KEYS = ("x_train", "y_train", "x_test", "y_test", "classes")


def load_cifar10_features(folder: str | Path) -> Labelled:
    """Read ``efficientnet_lite0_pca384.npz``: x_train [50000, d], y_train, x_test [10000, d], y_test, classes [10].

    Every tenth training picture is for validation.

    Raises:
        DataError: if the file is missing, unreadable or lacks a key.
    """
    path = Path(folder) / FILE
    part = read_npz(path, _KEYS)
    split = np.full(len(part["y_train"]), TRAIN)
    split[9::10] = VAL
    split = np.concatenate([split, np.full(len(part["y_test"]), TEST)])
    return Labelled(
        x=torch.from_numpy(np.concatenate([part["x_train"], part["x_test"]]).astype(np.float32)),
        y=torch.from_numpy(np.concatenate([part["y_train"], part["y_test"]]).astype(np.int64)),
        split=torch.from_numpy(split.astype(np.int64)),
        classes=tuple(str(name) for name in part["classes"]),
        attributes={"row": torch.arange(len(split))},
        provenance=Provenance(note=NOTE, files=checksums([path])),
    )
