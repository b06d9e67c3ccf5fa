"""AVE and VEGAS: one published file of features each, or a stand-in of its shape."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.base import DatasetStatus
from avgraph.datasets.clip_graph import clip_graph
from avgraph.datasets.features.file import feature_graph, read_labels
from avgraph.datasets.features.options import AVE, VEGAS
from avgraph.datasets.locate import Located, locate
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance

logger = logging.getLogger(__name__)

_STAND_IN_CLIPS = 600  # the stand-in shows that everything runs; its numbers mean nothing else


def load_features(options: AVE | VEGAS) -> HeteroData:
    """The graph of the file, or where there is none and ``on_missing`` allows it, of the stand-in.

    Raises:
        DataError: if there is no file, or what is there cannot be used.
    """
    name = options.type_name()
    located, path = _found(name, options.files, options.root)
    if path is not None:
        return feature_graph(path, name, options.class_count, options.class_names, options.val_fraction, options.seed)
    if "synthetic" not in options.on_missing or options.root is not None:
        looked = ", ".join(map(str, located.looked))
        raise DataError(f"{name}: no {' or '.join(options.files)} in {looked}; its authors give it away on request")
    logger.warning("%s: not found; using SYNTHETIC data in its place", name)
    return _stand_in(options)


def describe_features(kind: type[AVE] | type[VEGAS], root: str | Path | None) -> DatasetStatus:
    """What there is of it; of the file the labels alone are read.

    Raises:
        DataError: if ``root`` is no folder, or the file there cannot be used.
    """
    located, path = _found(kind.type_name(), kind.files, root)
    if path is None:
        note = f"its authors give {kind.files[0]} away on request"
        return DatasetStatus(kind.type_name(), kind.what(), "missing", looked=located.looked, note=note)
    labels = read_labels(path)
    return DatasetStatus(
        kind.type_name(),
        kind.what(),
        "real",
        folder=located.folder,
        looked=located.looked,
        layout=path.name,
        clips=sum(map(len, labels.values())),
        classes=kind.class_count,
        note=f"{len(labels['lab_test'])} of them to test on",
    )


def _found(name: str, files: Sequence[str], root: str | Path | None) -> tuple[Located, Path | None]:
    """Where it was looked for, and the file, if there is one."""

    def file_in(folder: Path) -> Path | None:
        return next((folder / file for file in files if (folder / file).is_file()), None)

    located = locate([name], root, lambda folder: file_in(folder) is not None)
    return located, None if located.folder is None else file_in(located.folder)


def _stand_in(options: AVE | VEGAS) -> HeteroData:
    name = options.type_name()
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(_STAND_IN_CLIPS) % options.class_count
    audio, visual = (
        torch.randn(options.class_count, width, generator=draw)[y] + 3 * torch.randn(len(y), width, generator=draw)
        for width in (128, 1024)
    )
    split = 2 * (torch.arange(len(y)) // options.class_count % 5 == 0).long()
    names = list(options.class_names or (f"class {k}" for k in range(options.class_count)))
    note = f"synthetic stand-in for {name}: made from random numbers"
    provenance = Provenance(name, "synthetic", note=note, classes=names, files={})
    return clip_graph(audio, visual, y, split, names, provenance)
