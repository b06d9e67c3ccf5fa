"""Labelled sounds and labelled pictures paired by class: what one concept sounds and looks like, clip by clip."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.base import DatasetStatus, check_root
from avgraph.datasets.paired import cifar10, digits
from avgraph.datasets.paired.cifar10 import load_cifar10_features
from avgraph.datasets.paired.cooccurrence import draw_cooccurrence, mixed_clip_graph
from avgraph.datasets.paired.digits import load_digit_pictures, load_spoken_digits
from avgraph.datasets.paired.esc50_sounds import load_esc50_sounds
from avgraph.datasets.paired.labelled import Labelled
from avgraph.datasets.paired.made_up import made_up_pictures, made_up_sounds, made_up_spoken_digits
from avgraph.datasets.paired.options import CLASS_MAPS, ClassPaired
from avgraph.datasets.paired.pairing import pair_by_class
from avgraph.datasets.paired.parts import (
    describe_digits,
    describe_pictures,
    describe_sounds,
    locate_digits,
    locate_pictures,
    locate_sounds,
)
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance

logger = logging.getLogger(__name__)


def load_class_paired(options: ClassPaired) -> HeteroData:
    """The graph of `ClassPaired`.

    Raises:
        DataError: if no data can be had, or what is there cannot be used.
    """
    class_map = options.class_map or CLASS_MAPS[options.sets]
    audio, visual = _real(options) or _made_up(options, class_map)
    pairs = pair_by_class(audio, visual, class_map, options.seed)
    mixed = draw_cooccurrence(pairs, options.cooccurrence, options.seed)
    provenance = _provenance(options, audio, visual, list(class_map))
    graph = mixed_clip_graph(audio, visual, pairs, mixed, options.second_level, provenance)
    if options.sets == "fsdd_digits":
        graph["visual"].picture = (255 * graph["visual"].x).round().to(torch.uint8).view(-1, 8, 8)
    return graph


def _real(options: ClassPaired) -> tuple[Labelled, Labelled] | None:
    """Both modalities, or None if one is not there and may not be had."""
    folds = options.fold, options.val_fold
    if options.sets == "fsdd_digits":
        folder = locate_digits(options.root).folder
        return None if folder is None else (load_spoken_digits(folder, *folds), load_digit_pictures(*folds))
    pictures, sounds = locate_pictures(options.root).folder, locate_sounds(options.root)
    below = None if options.root is None else str(sounds.looked[0])
    if pictures is None or (below is not None and not Path(below).is_dir()):
        return None
    if "download" not in options.on_missing and sounds.folder is None:
        return None
    try:
        audio = load_esc50_sounds(below, *folds, ["download"])
    except DataError:
        if "synthetic" in options.on_missing and locate_sounds(options.root).folder is None:
            return None  # not had; anything wrong with what is there is an error
        raise
    return audio, load_cifar10_features(pictures)


def _made_up(options: ClassPaired, class_map: Mapping[str, Sequence[str]]) -> tuple[Labelled, Labelled]:
    if "synthetic" not in options.on_missing:
        needed = {
            "esc50_cifar10": f"esc50/ and cifar10/{cifar10.FILE}",
            "fsdd_digits": f"fsdd/{digits.FILE}",
        }
        where = options.root or "$AVGRAPH_DATA or the user's cache"
        raise DataError(f"class_paired: no {needed[options.sets]} in {where}; see on_missing")
    logger.warning("class_paired: %s not found; using SYNTHETIC data in its place", options.sets)
    folds = options.fold, options.val_fold
    if options.sets == "fsdd_digits":
        return made_up_spoken_digits(*folds), load_digit_pictures(*folds)
    sounds = [name for names in class_map.values() for name in names]
    return made_up_sounds(sounds, *folds), made_up_pictures(list(class_map))


def _provenance(options: ClassPaired, audio: Labelled, visual: Labelled, classes: list[str]) -> Provenance:
    paired = Provenance(note="sounds and pictures are paired by class and were never recorded together")
    return replace(
        Provenance.joined([paired, audio.provenance, visual.provenance]),
        dataset=f"class_paired/{options.sets}",
        settings=options.model_dump(include={"fold", "val_fold", "cooccurrence", "seed"}),
        classes=classes,
    )


def describe_class_paired(root: str | Path | None, name: str, what: str) -> DatasetStatus:
    """The sets it is made of; it is there if those of either pair are.

    Raises:
        DataError: if ``root`` is no folder, or a file there cannot be used.
    """
    check_root(root)
    sounds, pictures, spoken = describe_sounds(root), describe_pictures(root), describe_digits(root)
    there = spoken.source == "real" or sounds.source == pictures.source == "real"
    note = "" if there else "needs esc50 and cifar10, or fsdd"
    return DatasetStatus(name, what, "real" if there else "missing", note=note, parts=(sounds, pictures, spoken))
