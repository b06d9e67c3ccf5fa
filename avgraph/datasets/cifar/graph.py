"""CIFAR-10 or CIFAR-100 as a graph of pictures and classes, or what may stand in their place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.cifar.archive import LAYOUTS, SHAPE, CifarName, read_class_names, read_records
from avgraph.datasets.cifar.folder import HOMEPAGE, fetch_cifar, locate_features, locate_pictures, records_in
from avgraph.datasets.cifar.options import CIFAR10, CIFAR100
from avgraph.datasets.cifar.splits import drawn_split
from avgraph.datasets.missing import first_found
from avgraph.datasets.paired.cifar10 import FILE, load_cifar10_features
from avgraph.datasets.paired.labelled import TEST, TRAIN, Labelled
from avgraph.datasets.paired.made_up import made_up_pictures
from avgraph.errors import DataError
from avgraph.graph.masks import check_class_coverage
from avgraph.graph.provenance import Provenance
from avgraph.io.files_read import checksums

logger = logging.getLogger(__name__)


def load_cifar(options: CIFAR10 | CIFAR100) -> HeteroData:
    """Load it, or what ``on_missing`` allows in its place.

    Raises:
        DataError: if no data can be had, or what is there cannot be used.
    """
    name: CifarName = options.type
    content = options.content if isinstance(options, CIFAR10) else "pictures"
    pictures = _features(options) if content == "features" else _pictures(name, options)
    return _graph(name, pictures, options)


def _features(options: CIFAR10 | CIFAR100) -> Labelled:
    located = locate_features(options.root)
    if located.folder is not None:
        return load_cifar10_features(located.folder)
    if options.root is None and "synthetic" in options.on_missing:
        return _stand_in("cifar10", "features")
    raise DataError(f"cifar10: no {FILE} in {_shown(located.looked)}; content: pictures can be downloaded")


def _pictures(name: CifarName, options: CIFAR10 | CIFAR100) -> Labelled:
    located = locate_pictures(name, options.root)
    found: Path | Labelled | None = located.folder
    if found is None and options.root is None:
        actions: dict[str, Callable[[], Path | Labelled | None]] = {
            "download": lambda: fetch_cifar(name),
            "synthetic": lambda: _stand_in(name, "pictures"),
        }
        found = first_found(name, options.on_missing, actions)
    if isinstance(found, Labelled):
        return found
    place = None if found is None else records_in(name, found)
    if place is None:
        files = ", ".join(LAYOUTS[name].files)
        raise DataError(f"{name}: not found in {_shown(located.looked)}: expected {files} of {HOMEPAGE}")
    return _read(name, place)


def _read(name: CifarName, folder: Path) -> Labelled:
    layout = LAYOUTS[name]
    parts = [read_records(folder / file, layout) for file in (*layout.train, layout.test)]
    y = np.concatenate([part.y for part in parts])
    superclass = [part.superclass for part in parts if part.superclass is not None]
    return Labelled(
        x=torch.from_numpy(np.concatenate([part.x for part in parts])),
        y=torch.from_numpy(y),
        split=torch.cat(
            [torch.full((len(part.y),), TEST if part is parts[-1] else TRAIN, dtype=torch.int64) for part in parts]
        ),
        classes=read_class_names(folder / layout.names, layout),
        attributes={"superclass": torch.from_numpy(np.concatenate(superclass))} if superclass else {},
        provenance=Provenance(files=checksums({file: folder / file for file in layout.files})),
    )


def _stand_in(name: CifarName, content: str) -> Labelled:
    logger.warning("%s: not found; using SYNTHETIC data in its place", name)
    made = made_up_pictures([f"class {number}" for number in range(LAYOUTS[name].classes)])
    if content == "pictures":  # every class has its colours
        draw = torch.Generator().manual_seed(0)
        colour = torch.randint(40, 216, (len(made.classes), 3, 1, 1), generator=draw)
        noise = torch.randint(-40, 40, (len(made.y), *SHAPE), generator=draw)
        made = replace(made, x=(colour[made.y] + noise).to(torch.uint8))
    return made


def _graph(name: CifarName, pictures: Labelled, options: CIFAR10 | CIFAR100) -> HeteroData:
    split = drawn_split(pictures.y, pictures.split == TEST, options)
    rows = (split.part >= 0).nonzero()[:, 0]
    y = pictures.y[rows]
    data = HeteroData()
    image, label = data["image"], data["label"]
    image.x, image.y, image.row = pictures.x[rows], y, rows
    image.train_mask, image.val_mask, image.test_mask = (mask[rows] for mask in split.masks)
    check_class_coverage(y, image.train_mask, pictures.classes, f"{name}: keep {options.keep}")
    label.name, label.y = list(pictures.classes), torch.arange(len(pictures.classes))
    label.num_nodes = len(pictures.classes)
    if "superclass" in pictures.attributes:
        label.superclass = _of_class(pictures.attributes["superclass"], pictures.y, len(pictures.classes))
    settings = options.model_dump(include={"content", "val_fraction", "labels_per_class", "keep", "seed"})
    source = pictures.provenance.source or "real"
    replace(pictures.provenance, dataset=name, source=source, settings=settings).write_to(data)
    return data


def _of_class(superclass: Tensor, y: Tensor, classes: int) -> Tensor:
    found = torch.zeros(classes, dtype=torch.int64)
    found[y] = superclass
    return found


def _shown(looked: Sequence[Path]) -> str:
    return ", ".join(map(str, looked))
