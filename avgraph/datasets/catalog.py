"""What there is of each dataset on this machine, and fetching what is not: behind ``avgraph data``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch

from avgraph.datasets.clip_catalog import DESCRIBED
from avgraph.datasets.dataset_status import DatasetStatus
from avgraph.datasets.esc import HOMEPAGE, EscName, fetch_esc, locate_esc
from avgraph.datasets.esc_layout import RECONSTRUCTED, find_layout
from avgraph.datasets.esc_table import read_table
from avgraph.datasets.leakage import find_leakage
from avgraph.errors import DataError
from avgraph.suggestions import did_you_mean

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
