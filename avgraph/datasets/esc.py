"""What ESC-50 and ESC-10 share: find the folder, check the table, build the graph with the published folds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.esc_layout import RECONSTRUCTED, EscLayout, find_layout, load_pictures
from avgraph.datasets.esc_table import read_table
from avgraph.datasets.leakage import OnLeakage, find_leakage, handle_leakage
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.synthetic import Synthetic
from avgraph.errors import DataError, line_of
from avgraph.graph.masks import check_class_coverage, fold_masks
from avgraph.io.cache import cache_folder
from avgraph.io.download import download, offline
from avgraph.io.extract import extract_zip
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.lock import locked
from avgraph.runtime.progress import counted

logger = logging.getLogger(__name__)

EscName = Literal["esc50", "esc10"]
CLASSES: dict[EscName, int] = {"esc50": 50, "esc10": 10}
# A quarter of the real size: the stand-in shows that everything runs, in minutes; its numbers mean nothing else.
STAND_IN_CLIPS_PER_CLASS = 8

# One commit, since the archive of a branch changes with it. GitHub publishes no checksum of its archives: this one
# (645,832,161 bytes) is what several independent projects on GitHub pin for this commit.
COMMIT = "33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6"
ARCHIVE = f"https://codeload.github.com/karolpiczak/ESC-50/zip/{COMMIT}"
ARCHIVE_CHECKSUM = "sha256:661183a6f53ef04f12c9bd618fed0ddc1713280d6c94a5a5431e844ba6f6a21f"
HOMEPAGE = "https://github.com/karolpiczak/ESC-50"


def locate_esc(dataset: EscName, root: str | Path | None) -> Located:
    """Find the folder of ESC-50 or ESC-10; ESC-10 may also lie inside a full ESC-50.

    Raises:
        DataError: if ``root`` is given and is no folder.
    """
    folders = ("esc50",) if dataset == "esc50" else ("esc10", "esc50")
    return locate(folders, root, lambda folder: find_layout(folder, dataset) is not None)


def fetch_esc() -> Path | None:
    """Download and unpack ESC-50 (about 650 MB) into the user's cache; None when ``AVGRAPH_OFFLINE`` is set.

    Raises:
        DataError: if the download fails or its checksum differs.
    """
    folder = cache_folder("esc50")
    if folder.is_dir() and find_layout(folder, "esc50") is not None:
        return folder
    if offline():
        logger.warning("AVGRAPH_OFFLINE is set: skipped the download of %s", ARCHIVE)
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with interruptible("run again to go on"), locked(folder.with_name("esc50.lock"), f"{folder}: filled", wait=True):
        if folder.is_dir() and find_layout(folder, "esc50") is not None:  # by whom we have waited for
            return folder
        archive = download(ARCHIVE, folder.with_name("ESC-50.zip"), ARCHIVE_CHECKSUM)
        assert archive is not None
        with counted(None, "unpacking ESC-50"):
            extract_zip(archive, folder, strip=1)
        archive.unlink()
    return folder


def load_esc(
    dataset: EscName,
    *,
    root: str | Path | None,
    fold: int,
    val_fold: int | None,
    on_missing: Sequence[str],
    on_leakage: OnLeakage,
) -> HeteroData:
    """Load ESC-50 or ESC-10, or what ``on_missing`` allows in its place.

    Raises:
        DataError: if no data can be had, or what is there cannot be used.
    """
    if unknown := sorted({*on_missing} - {"download", "synthetic"}):
        raise DataError(f"dataset.on_missing: expected 'download' or 'synthetic', got {unknown[0]!r}")
    if on_leakage not in get_args(OnLeakage):
        raise DataError(f"dataset.on_leakage: expected one of {', '.join(get_args(OnLeakage))}, got {on_leakage!r}")
    located = locate_esc(dataset, root)
    folder = located.folder
    if folder is None and root is not None:
        raise DataError(_nowhere(dataset, located, on_missing))
    for action in on_missing if folder is None else ():
        if action == "download":
            try:
                folder = fetch_esc()
            except (DataError, OSError) as error:
                # The next in the list is there for exactly this; if there is none, the error is the answer.
                if action == on_missing[-1]:
                    raise
                logger.warning("%s: %s", dataset, line_of(error) if isinstance(error, OSError) else error)
            if folder is not None:
                break
        elif action == "synthetic":
            return _synthetic(dataset, fold, val_fold)
    layout = find_layout(folder, dataset) if folder is not None else None
    if layout is None:
        raise DataError(_nowhere(dataset, located, on_missing))
    return _graph(dataset, layout, fold, val_fold, on_leakage)


def _nowhere(dataset: EscName, located: Located, on_missing: Sequence[str]) -> str:
    looked = ", ".join(str(folder) for folder in located.looked)
    tried = f" (on_missing: {', '.join(on_missing)})" if on_missing else ""
    return (
        f"{dataset}: not found in {looked}{tried}. Expected {dataset}.csv beside audio/ or {dataset}_logmel_u8.npz, or "
        f"the unpacked archive of {HOMEPAGE}. Set dataset.root or AVGRAPH_DATA, or on_missing: [download, synthetic]"
    )


def _synthetic(dataset: EscName, fold: int, val_fold: int | None) -> HeteroData:
    logger.warning("%s: not found; using SYNTHETIC data in its place", dataset)
    made = Synthetic(classes=CLASSES[dataset], clips_per_class=STAND_IN_CLIPS_PER_CLASS, fold=fold, val_fold=val_fold)
    data = made.load()
    data.provenance = {**data.provenance, "dataset": dataset, "note": f"synthetic stand-in for {dataset}"}
    return data


def _graph(dataset: EscName, layout: EscLayout, fold: int, val_fold: int | None, on_leakage: OnLeakage) -> HeteroData:
    table = read_table(layout.table, only_esc10=layout.only_esc10)
    names = [clip.name for clip in table.clips]
    source_file = [clip.source_file for clip in table.clips]
    folds = torch.tensor([clip.fold for clip in table.clips])
    y = torch.tensor(table.targets)
    for role, number in (("fold", fold), ("val_fold", val_fold)):
        if number is not None and not (folds == number).any():
            raise DataError(f"dataset.{role}: {layout.table} has no clip of fold {number}")
    masks = fold_masks(folds, fold, val_fold)
    leakage = find_leakage(source_file, names, masks.test)
    masks = handle_leakage(leakage, names, masks, on_leakage)
    check_class_coverage(y, masks.train, table.classes, str(layout.table))
    picture, files = load_pictures(layout, table)

    data = HeteroData()
    audio = data["audio"]
    audio.x, audio.y, audio.fold = picture, y, folds
    audio.train_mask, audio.val_mask, audio.test_mask = masks
    audio.name, audio.source_file = names, source_file
    label = data["label"]
    label.name, label.y = list(table.classes), torch.arange(len(table.classes))
    label.num_nodes = len(table.classes)
    data.provenance = {
        "dataset": dataset,
        "source": "real",
        "fold": fold,
        "val_fold": val_fold,
        "note": RECONSTRUCTED if layout.kind == "pictures" else "",
        "files": files,
        "leakage": [dict(leak) for leak in leakage],
        "on_leakage": on_leakage,
    }
    return data
