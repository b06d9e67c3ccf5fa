"""The sets that others are made of: where each lies, alone or below one root, and what there is of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from avgraph.datasets.base import DatasetStatus
from avgraph.datasets.esc.folder import describe_esc
from avgraph.datasets.esc.layout import find_layout
from avgraph.datasets.esc.options import ESC50
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.paired import cifar10, digits
from avgraph.io.npz import read_npz


def locate_below(root: str | Path | None, name: str, holds: Callable[[Path], bool]) -> Located:
    """``root/name``, which need not be there, or without a root the usual places."""
    if root is None:
        return locate([name], None, holds)
    folder = Path(root).expanduser() / name
    return Located(folder if folder.is_dir() and holds(folder) else None, (folder,))


def locate_sounds(root: str | Path | None) -> Located:
    """ESC-50."""
    return locate_below(root, "esc50", lambda folder: find_layout(folder, "esc50") is not None)


def locate_pictures(root: str | Path | None) -> Located:
    """The features of CIFAR-10."""
    return locate_below(root, "cifar10", lambda folder: (folder / cifar10.FILE).is_file())


def locate_digits(root: str | Path | None) -> Located:
    """The spoken digits."""
    return locate_below(root, "fsdd", lambda folder: (folder / digits.FILE).is_file())


def describe_sounds(root: str | Path | None) -> DatasetStatus:
    """ESC-50, of which the folds alone matter here.

    Raises:
        DataError: if its table is wrong.
    """
    return replace(describe_esc("esc50", locate_sounds(root), "esc50", ESC50.what()), leakage={})


def describe_pictures(root: str | Path | None) -> DatasetStatus:
    """CIFAR-10: how many pictures.

    Raises:
        DataError: if the file is unreadable or lacks a key.
    """
    located, what = locate_pictures(root), "CIFAR-10 as features."
    if located.folder is None:
        return DatasetStatus("cifar10", what, "missing", looked=located.looked, note=f"expected {cifar10.FILE}")
    part = read_npz(located.folder / cifar10.FILE, ["y_train", "y_test", "classes"])
    return DatasetStatus(
        "cifar10", what, "real", located.folder, located.looked, cifar10.FILE, unit="pictures",
        clips=len(part["y_train"]) + len(part["y_test"]), classes=len(part["classes"]), note=cifar10.NOTE,
    )  # fmt: skip


def describe_digits(root: str | Path | None) -> DatasetStatus:
    """FSDD: how many clips of how many speakers.

    Raises:
        DataError: if the file is unreadable or lacks a key.
    """
    located, what = locate_digits(root), "FSDD: spoken digits; scikit-learn has the pictures of digits."
    if located.folder is None:
        return DatasetStatus("fsdd", what, "missing", looked=located.looked, note=f"expected {digits.FILE}")
    part = read_npz(located.folder / digits.FILE, ["digit", "speaker"])
    return DatasetStatus(
        "fsdd", what, "real", located.folder, located.looked, digits.FILE, clips=len(part["digit"]),
        classes=len(np.unique(part["digit"])), note=f"{len(np.unique(part['speaker']))} speakers, all in every split",
    )  # fmt: skip
