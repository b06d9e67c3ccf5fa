"""Where a data set was found and what it holds, in the lines that ``avgraph data show`` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from avgraph.datasets import cifar10_features, digits
from avgraph.datasets.audio_visual_features import AVE, VEGAS, AudioVisualFeatures
from avgraph.datasets.esc import HOMEPAGE, EscName, fetch_esc, locate_esc
from avgraph.datasets.esc_layout import RECONSTRUCTED, find_layout
from avgraph.datasets.esc_table import read_table
from avgraph.datasets.feature_file import read_feature_file
from avgraph.datasets.leakage import Leak, find_leakage
from avgraph.datasets.locate import Located, locate
from avgraph.errors import DataError, did_you_mean
from avgraph.io.npz import read_npz


@dataclass(frozen=True)
class DatasetStatus:
    """Where a dataset was found and what it holds; ``str()`` gives the lines that the command prints."""

    name: str
    source: str
    folder: Path | None = None
    looked: tuple[Path, ...] = ()
    layout: str = ""
    unit: str = "clips"
    clips: int = 0
    classes: int = 0
    folds: Mapping[int, int] = field(default_factory=dict)
    leakage: Mapping[int, list[Leak]] = field(default_factory=dict)
    note: str = ""

    def __str__(self) -> str:
        if self.source == "missing":
            looked = "\n".join(f"  looked in  {folder}" for folder in self.looked)
            return f"{self.name}: not found\n{looked}\n  {self.note}"
        lines = [f"{self.name}: {self.source}"]
        if self.folder is not None:
            lines.append(f"  folder     {self.folder} ({self.layout})")
        if self.clips:
            lines.append(f"  {self.unit:<10} {self.clips} in {self.classes} classes")
        if self.folds:
            lines.append(f"  folds      {', '.join(f'{fold}: {count}' for fold, count in self.folds.items())}")
        for fold, leaks in self.leakage.items():
            for leak in leaks:
                other = ", ".join(leak["other"])
                lines.append(f"  leakage    fold {fold}: recording {leak['source_file']} also in {other}")
        if self.note:
            lines.append(f"  note       {self.note}")
        return "\n".join(lines)


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


NAMES = ("esc50", "esc10", *DESCRIBED, "synthetic")


def describe(name: str, root: str | Path | None = None) -> DatasetStatus:
    """Where dataset ``name`` is and what it holds, without reading any audio.

    Raises:
        DataError: if there is no such dataset, ``root`` is no folder, or the table there is wrong.

    Example:
        >>> print(describe("synthetic"))
        synthetic: synthetic
          note       made when it is loaded; size and seed are options
    """
    if name == "synthetic":
        return DatasetStatus(name, "synthetic", note="made when it is loaded; size and seed are options")
    if name in DESCRIBED:
        return DESCRIBED[name](root)
    dataset = _esc_name(name)
    located = locate_esc(dataset, root)
    layout = find_layout(located.folder, dataset) if located.folder is not None else None
    if layout is None:
        note = f"`avgraph data fetch {name}` downloads ESC-50, which holds ESC-10 too (about 650 MB, {HOMEPAGE})"
        return DatasetStatus(name, "missing", looked=located.looked, note=note)
    table = read_table(layout.table, only_esc10=layout.only_esc10)
    folds = torch.tensor([clip.fold for clip in table.clips])
    sources, names = [clip.source_file for clip in table.clips], [clip.name for clip in table.clips]
    counts = Counter(folds.tolist())
    leakage = {fold: leaks for fold in sorted(counts) if (leaks := find_leakage(sources, names, folds == fold))}
    return DatasetStatus(
        name=name,
        source="real",
        folder=located.folder,
        looked=located.looked,
        layout=layout.kind,
        clips=len(table.clips),
        classes=len(table.classes),
        folds={fold: counts[fold] for fold in sorted(counts)},
        leakage=leakage,
        note=RECONSTRUCTED if layout.kind == "pictures" else "",
    )


def fetch(name: str) -> Path:
    """Download dataset ``name`` into the user's cache, unless it is there, and give its folder.

    Raises:
        DataError: if there is nothing to download, ``AVGRAPH_OFFLINE`` is set, or the download fails.

    Example:
        >>> fetch("synthetic")
        Traceback (most recent call last):
        avgraph.errors.DataError: synthetic: nothing to download; it is made when it is loaded
    """
    if name == "synthetic":
        raise DataError("synthetic: nothing to download; it is made when it is loaded")
    if name in DESCRIBED:
        raise DataError(f"{name}: nothing to download; `avgraph data show {name}` says what is expected where")
    _esc_name(name)
    folder = fetch_esc()
    if folder is None:
        raise DataError(f"{name}: not downloaded, because AVGRAPH_OFFLINE is set")
    return folder


def _esc_name(name: str) -> EscName:
    if name == "esc50":
        return "esc50"
    if name == "esc10":
        return "esc10"
    close = did_you_mean(name, NAMES)
    raise DataError(f"no dataset {name!r}; {close or 'expected one of ' + ', '.join(NAMES)}")
