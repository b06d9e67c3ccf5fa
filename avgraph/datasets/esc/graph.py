"""ESC-50 or ESC-10 as a graph with the published folds, or what may stand in their place."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.esc.folder import HOMEPAGE, EscName, fetch_esc, locate_esc
from avgraph.datasets.esc.layout import RECONSTRUCTED, EscLayout, find_layout, load_pictures
from avgraph.datasets.esc.options import ESC10, ESC50
from avgraph.datasets.esc.table import read_table
from avgraph.datasets.leakage import find_leakage, handle_leakage
from avgraph.datasets.locate import Located
from avgraph.datasets.missing import first_found
from avgraph.datasets.recordings.listing import check_no_class_folders
from avgraph.datasets.synthetic.options import Synthetic
from avgraph.errors import DataError
from avgraph.graph.masks import check_class_coverage, fold_masks
from avgraph.graph.provenance import Provenance

logger = logging.getLogger(__name__)

CLASSES: dict[EscName, int] = {"esc50": 50, "esc10": 10}
# A quarter of the real size: the stand-in shows that everything runs, in minutes; its numbers mean nothing else.
STAND_IN_CLIPS_PER_CLASS = 8


def load_esc(dataset: EscName, options: ESC10 | ESC50) -> HeteroData:
    """Load ESC-50 or ESC-10, or what ``on_missing`` allows in its place.

    Raises:
        DataError: if no data can be had, or what is there cannot be used.
    """
    located = locate_esc(dataset, options.root)
    found: Path | HeteroData | None = located.folder
    if found is None and options.root is None:
        actions = {"download": fetch_esc, "synthetic": lambda: _synthetic(dataset, options)}
        found = first_found(dataset, options.on_missing, actions)
    if isinstance(found, HeteroData):
        return found
    layout = None if found is None else find_layout(found, dataset)
    if layout is None:
        check_no_class_folders(dataset, options.root)
        raise DataError(_nowhere(dataset, located, options.on_missing))
    return _graph(dataset, layout, options)


def _nowhere(dataset: EscName, located: Located, on_missing: Sequence[str]) -> str:
    looked = ", ".join(str(folder) for folder in located.looked)
    tried = f" (on_missing: {', '.join(on_missing)})" if on_missing else ""
    return (
        f"{dataset}: not found in {looked}{tried}. Expected {dataset}.csv beside audio/ or {dataset}_logmel_u8.npz, or "
        f"the unpacked archive of {HOMEPAGE}. Set dataset.root or AVGRAPH_DATA, or on_missing: [download, synthetic]"
    )


def _synthetic(dataset: EscName, options: ESC10 | ESC50) -> HeteroData:
    logger.warning("%s: not found; using SYNTHETIC data in its place", dataset)
    data = Synthetic(
        classes=CLASSES[dataset],
        clips_per_class=STAND_IN_CLIPS_PER_CLASS,
        fold=options.fold,
        val_fold=options.val_fold,
    ).load()
    replace(Provenance.of(data), dataset=dataset, note=f"synthetic stand-in for {dataset}").write_to(data)
    return data


def _graph(dataset: EscName, layout: EscLayout, options: ESC10 | ESC50) -> HeteroData:
    table = read_table(layout.table, only_esc10=layout.only_esc10)
    names = [clip.name for clip in table.clips]
    source_file = [clip.source_file for clip in table.clips]
    folds = torch.tensor([clip.fold for clip in table.clips])
    y = torch.tensor(table.targets)
    for role, number in (("fold", options.fold), ("val_fold", options.val_fold)):
        if number is not None and not (folds == number).any():
            raise DataError(f"dataset.{role}: {layout.table} has no clip of fold {number}")
    masks = fold_masks(folds, options.fold, options.val_fold)
    leakage = find_leakage(source_file, names, masks.test)
    masks = handle_leakage(leakage, names, masks, options.on_leakage)
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
    Provenance(
        dataset=dataset,
        source="real",
        settings={"fold": options.fold, "val_fold": options.val_fold, "on_leakage": options.on_leakage},
        note=RECONSTRUCTED if layout.kind == "pictures" else "",
        files=files,
        leakage=leakage,
    ).write_to(data)
    return data
