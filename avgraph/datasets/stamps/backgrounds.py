"""What is behind the stamps: CIFAR-10 pictures, each split its own, or noise where there are none."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from avgraph.datasets.composed.noise import noise_backgrounds
from avgraph.datasets.locate import locate
from avgraph.errors import DataError
from avgraph.io.files_read import checksums
from avgraph.io.npz import read_npz

logger = logging.getLogger(__name__)

FILE = "images_6k.npz"
NOISE_PICTURES = 200  # of each split


@dataclass(frozen=True)
class Backgrounds:
    """Small pictures [n, 3, b, b] of the three splits, and what to say of them."""

    pictures: Sequence[Tensor]
    files: Mapping[str, str]
    notes: Sequence[str] = ()


def read_backgrounds(root: str | Path | None, seed: int) -> Backgrounds:
    """CIFAR-10's training pictures for training, every tenth of them for validation, its test pictures for the test.

    Raises:
        DataError: if the file is damaged, or is not in a ``root`` that is given.
    """
    folder = locate(["cifar10"], root, lambda folder: (folder / FILE).is_file()).folder
    if folder is None:
        if root is not None:
            raise DataError(f"dataset.cifar10_root: {root}: no {FILE}")
        logger.warning("stamps: no cifar10/%s; noise is behind the stamps", FILE)
        made = [noise_backgrounds(NOISE_PICTURES, (seed, 7, split)) for split in range(3)]
        return Backgrounds(made, {}, ["noise in place of CIFAR-10 backgrounds"])
    path = folder / FILE
    part = read_npz(path, ["x_train", "x_test"])
    for key, value in part.items():
        if value.dtype != np.uint8 or value.ndim != 4 or value.shape[1:] != (32, 32, 3) or len(value) < 10:
            told = f"uint8 [n, 32, 32, 3] with 10 pictures or more, got {value.dtype} {list(value.shape)}"
            raise DataError(f"{path}: {key}: expected {told}")
    train, test = (torch.from_numpy(part[key]).permute(0, 3, 1, 2) for key in ("x_train", "x_test"))
    validates = torch.arange(len(train)) % 10 == 9
    return Backgrounds([train[~validates], train[validates], test], checksums([path]))
