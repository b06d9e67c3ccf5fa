"""Five sets of vectors with classes, as a user would bring them: four real ones and one made up.

Needs AVGRAPH_DATA (``fsdd``, ``cifar10``, ``esc50``); the drawn digits come with scikit-learn. A draw is a seed of the
split, or a fold where folds are published.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from avgraph.datasets.paired.digits import load_spoken_digits, spoken_digit_features
from avgraph.datasets.paired.options import DIGITS

TRAIN, VAL, TEST = 0, 1, 2
DRAWS = 3


@dataclass(frozen=True)
class Table:
    """Vectors with classes.

    Attributes:
        x: [n, d]; ``y``: class of every row; ``split``: 0 train, 1 val, 2 test.
        classes: their names.
        targets: a vector of every class [classes, e], where it is more than its name.
    """

    x: np.ndarray
    y: np.ndarray
    split: np.ndarray
    classes: tuple[str, ...]
    targets: np.ndarray | None = None


def made_up(draw: int) -> Table:
    """400 sounds around 10 centres in 128 dimensions, 40 of each; 50 numbers for every class that say nothing."""
    rng = np.random.default_rng(draw)
    y = rng.permutation(np.arange(400) % 10)
    x = 0.41 * rng.normal(size=(10, 128))[y] + rng.normal(size=(400, 128))
    return Table(x, y, _shares(400, draw), tuple(f"class {i}" for i in range(10)), rng.normal(size=(10, 50)))


def spoken_digits(draw: int) -> Table:
    """3000 clips, 384 log-mels; draw k tests on takes 5k to 5k + 4 of every speaker, the first is the customary one."""
    sounds = load_spoken_digits(_folder("fsdd"), fold=draw + 1, val_fold=draw + 2)
    return Table(spoken_digit_features(sounds.x).numpy(), sounds.y.numpy(), sounds.split.numpy(), DIGITS)


def cifar10_features(draw: int) -> Table:
    """5000 training rows, 1000 of them to choose by, and 2000 of the test rows: 384 principal components."""
    file = np.load(_folder("cifar10") / "efficientnet_lite0_pca384.npz")
    rng = np.random.default_rng(draw)
    train, test = rng.choice(50_000, 5000, replace=False), rng.choice(10_000, 2000, replace=False)
    x = np.concatenate([file["x_train"][train], file["x_test"][test]]).astype(np.float32)
    split = np.repeat([TRAIN, VAL, TEST], [4000, 1000, 2000])
    names = tuple(str(name) for name in file["classes"])
    return Table(x, np.concatenate([file["y_train"][train], file["y_test"][test]]).astype(int), split, names)


def esc50_means(draw: int) -> Table:
    """2000 clips: mean and deviation over time of 128 log-mel bands; tests on fold draw + 1, chooses by the next."""
    file = np.load(_folder("esc50") / "esc50_logmel_u8.npz")
    picture = file["logmel"].astype(np.float32)
    x = np.concatenate([picture.mean(2), picture.std(2)], axis=1)
    split = np.select([file["fold"] == draw + 1, file["fold"] == draw + 2], [TEST, VAL], TRAIN)
    table = np.genfromtxt(_folder("esc50") / "esc50.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    name_of = dict(zip(table["target"].tolist(), table["category"].tolist(), strict=True))
    return Table(x, file["target"].astype(int), split, tuple(name_of[i].replace("_", " ") for i in range(50)))


def drawn_digits(draw: int) -> Table:
    """scikit-learn's 1797 pictures of 8 × 8."""
    bunch = load_digits()
    return Table(bunch.data, bunch.target, _shares(len(bunch.target), draw), DIGITS)


SETS: Mapping[str, Callable[[int], Table]] = {
    "made up": made_up,
    "spoken digits": spoken_digits,
    "CIFAR-10 features": cifar10_features,
    "ESC-50 log-mel means": esc50_means,
    "drawn digits": drawn_digits,
}


def _shares(rows: int, draw: int) -> np.ndarray:
    """60 % train, 20 % val, 20 % test."""
    order = np.random.default_rng(draw + 1000).permutation(rows)
    return np.digitize(order / rows, [0.6, 0.8])


def _folder(name: str) -> Path:
    return Path(os.environ["AVGRAPH_DATA"]) / name
