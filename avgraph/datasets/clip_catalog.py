"""What there is of the audio-visual sets: AVE, VEGAS, what `class_paired` pairs, and those of segmentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from avgraph.datasets import cifar10_features, digits
from avgraph.datasets.audio_visual_features import AudioVisualFeatures
from avgraph.datasets.ave import AVE
from avgraph.datasets.avsbench.layout import Part, find_layout, read_clips
from avgraph.datasets.dataset_status import DatasetStatus
from avgraph.datasets.feature_file import read_feature_file
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.stamps.esc50_classes import STAMPS_OF_CLASS
from avgraph.datasets.stamps.folder import PACKAGE, PICTURES, locate_stamps, read_stamps
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


def _stamps(root: Root) -> DatasetStatus:
    located = locate_stamps(root)
    if located.folder is None:
        return _missing("stamps", located, f"expected {PICTURES}, or what the Debian package {PACKAGE} installs")
    stamps = read_stamps(located.folder)
    there = set(stamps.name)
    classes = [k for k, names in STAMPS_OF_CLASS.items() if there & set(names)]
    layout = PICTURES if (located.folder / PICTURES).is_file() else "as installed"
    return DatasetStatus(
        "stamps", "real", located.folder, located.looked, layout, unit="pictures",
        clips=len(stamps.name), classes=len(classes),
        note=f"classes of ESC-50 that they show; {len(stamps.sound)} stamps have a sound of their own; clips are "
        "composed when they are loaded",
    )  # fmt: skip


def _avsbench(part: Part, root: Root) -> DatasetStatus:
    name = f"avsbench_{part}"
    located = locate(["avsbench"], root, lambda folder: find_layout(folder, part) is not None)
    layout = None if located.folder is None else find_layout(located.folder, part)
    if layout is None:
        return _missing(name, located, f"expected {part}_meta_data.csv beside {part}_data/; its authors give it away")
    clips = read_clips(layout)
    counts = ", ".join(f"{sum(clip.split == split for clip in clips)} {split}" for split in ("train", "val", "test"))
    categories = {clip.category for clip in clips if clip.category is not None}
    return DatasetStatus(
        name, "real", located.folder, located.looked, layout.table.name, clips=len(clips), classes=len(categories),
        note=counts,
    )  # fmt: skip


def _sounding_shapes(root: Root) -> DatasetStatus:
    return DatasetStatus("sounding_shapes", "synthetic", note="made when it is loaded; size and seed are options")


def _missing(name: str, located: Located, note: str) -> DatasetStatus:
    return DatasetStatus(name, "missing", looked=located.looked, note=note)


DESCRIBED: Mapping[str, Callable[[Root], DatasetStatus]] = {
    "ave": lambda root: _feature_set(AVE, root),
    "vegas": lambda root: _feature_set(VEGAS, root),
    "fsdd": _spoken_digits,
    "cifar10": _pictures,
    "stamps": _stamps,
    "avsbench_s4": lambda root: _avsbench("s4", root),
    "avsbench_ms3": lambda root: _avsbench("ms3", root),
    "sounding_shapes": _sounding_shapes,
}
"""Name → what there is of it, in a folder or where data are looked for."""
