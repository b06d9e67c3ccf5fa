"""What there is of the audio-visual sets: feature files of AVE and VEGAS, and what `class_paired` pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from avgraph.datasets import cifar10_features, digits
from avgraph.datasets.audio_visual_features import AudioVisualFeatures
from avgraph.datasets.ave import AVE
from avgraph.datasets.dataset_status import DatasetStatus
from avgraph.datasets.feature_file import read_feature_file
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.vegas import VEGAS
from avgraph.io.npz import read_npz

Root = str | Path | None


def _feature_set(kind: type[AudioVisualFeatures], root: Root) -> DatasetStatus:
    located = locate([kind.name], root, lambda folder: kind.file_in(folder) is not None)
    path = None if located.folder is None else kind.file_in(located.folder)
    if path is None:
        return _missing(kind.name, located, f"its authors give {kind.files[0]} away on request")
    part = read_feature_file(path)
    clips = len(part["lab_train"]) + len(part["lab_test"])
    note = f"{len(part['lab_test'])} of them to test on"
    return DatasetStatus(
        kind.name, "real", located.folder, located.looked, path.name, clips=clips, classes=kind.classes, note=note
    )


def _spoken_digits(root: Root) -> DatasetStatus:
    located = locate(["fsdd"], root, lambda folder: (folder / digits.FILE).is_file())
    if located.folder is None:
        return _missing("fsdd", located, f"expected {digits.FILE}; class_paired pairs it with scikit-learn's digits")
    part = read_npz(located.folder / digits.FILE, ["digit", "speaker"])
    return DatasetStatus(
        "fsdd", "real", located.folder, located.looked, digits.FILE,
        clips=len(part["digit"]), classes=len(np.unique(part["digit"])),
        note=f"{len(np.unique(part['speaker']))} speakers, all in every split; sets: fsdd_digits of class_paired",
    )  # fmt: skip


def _pictures(root: Root) -> DatasetStatus:
    located = locate(["cifar10"], root, lambda folder: (folder / cifar10_features.FILE).is_file())
    if located.folder is None:
        return _missing("cifar10", located, f"expected {cifar10_features.FILE}; class_paired pairs it with ESC-50")
    part = read_npz(located.folder / cifar10_features.FILE, ["y_train", "y_test", "classes"])
    return DatasetStatus(
        "cifar10", "real", located.folder, located.looked, cifar10_features.FILE, unit="pictures",
        clips=len(part["y_train"]) + len(part["y_test"]), classes=len(part["classes"]), note=cifar10_features.NOTE,
    )  # fmt: skip


def _missing(name: str, located: Located, note: str) -> DatasetStatus:
    return DatasetStatus(name, "missing", looked=located.looked, note=note)


DESCRIBED: Mapping[str, Callable[[Root], DatasetStatus]] = {
    "ave": lambda root: _feature_set(AVE, root),
    "vegas": lambda root: _feature_set(VEGAS, root),
    "fsdd": _spoken_digits,
    "cifar10": _pictures,
}
"""Name → what there is of it, in a folder or where data are looked for."""
