"""Your own recordings as a graph of ``audio`` and ``label`` nodes, as ESC's is."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.files.part import Part
from avgraph.datasets.files.random_split import split_rows
from avgraph.datasets.files.sides import Sides
from avgraph.datasets.files.split_options import DrawnSplit
from avgraph.datasets.logmel_cache import cached_log_mels
from avgraph.datasets.recordings.listing import Listing, list_recordings
from avgraph.datasets.recordings.options import Recordings
from avgraph.datasets.sound_facts import cached_facts, warn_of_sounds
from avgraph.errors import DataError, first_few
from avgraph.graph.masks import check_class_coverage
from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import SPLITS
from avgraph.io.files_read import checksums, sha256_listing

logger = logging.getLogger(__name__)

_NAMED = 3


def load_recordings(options: Recordings) -> HeteroData:
    """The graph of `Recordings`.

    Raises:
        DataError: naming the folder, the recording, or the table and its line, of what cannot be used.
    """
    listed = list_recordings(options.root, options.table)
    content = checksums(dict(zip(map(str, listed.files), listed.files, strict=True)))
    sums = [content[str(file)] for file in listed.files]
    classes = sorted(set(listed.categories))
    y = torch.tensor([classes.index(category) for category in listed.categories])
    sources = list(listed.sources) or _without_copies(listed, sums)
    part, sides, settings = _sides(options, listed, sources)
    found = sides.masks(part)
    assert found is not None
    masks, where, leakage = found
    check_class_coverage(y, masks.train, classes, where)
    _warn_of_few(y, masks.train, sources, classes)
    if listed.left_out:
        told = first_few(listed.left_out, _NAMED)
        logger.warning("%s: left out %d file(s) without a class or no sounds: %s", listed.called,
                       len(listed.left_out), told)  # fmt: skip
    warn_of_sounds(listed.names, cached_facts(listed.files, sums, options.seconds, listed.at), options.seconds)

    data = HeteroData()
    audio, label = data["audio"], data["label"]
    audio.x = cached_log_mels(listed.files, sums, seconds=options.seconds)
    audio.y, audio.name, audio.source_file = y, list(listed.names), sources
    audio.train_mask, audio.val_mask, audio.test_mask = masks
    if listed.folds:
        audio.fold = torch.tensor(listed.folds)
    label.name, label.y = classes, torch.arange(len(classes))
    label.num_nodes = len(classes)
    files = _checksums(listed)
    Provenance(
        dataset="recordings",
        source="real",
        settings={**settings, "seconds": options.seconds},
        note="" if bool(masks.test.any()) else "no recording is a test row",
        files=files,
        leakage=leakage,
    ).write_to(data)
    return data


def _checksums(listed: Listing) -> dict[str, str]:
    """Of every file, and of all recordings as ``recordings/``, which tells that there is another one by now."""
    root = listed.root
    named = {file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file): file
             for file in listed.files}  # fmt: skip
    found = checksums(named)
    table = {} if listed.table is None else checksums({listed.table.path.name: listed.table.path})
    return {**found, **table, "recordings/": sha256_listing(found)}


def _without_copies(listed: Listing, sums: Sequence[str]) -> list[str]:
    """What each file is a recording of: itself, or the first file of the same content."""
    first: dict[str, int] = {}
    rows = [first.setdefault(checksum, row) for row, checksum in enumerate(sums)]
    if copies := [row for row, of in enumerate(rows) if of != row]:
        told = first_few([f"{listed.names[row]} of {listed.names[rows[row]]}" for row in copies], _NAMED)
        twice = sum(listed.categories[row] != listed.categories[rows[row]] for row in copies)
        other = f", {twice} of them in another class" if twice else ""
        logger.warning("%d recording(s) are copies of others%s (%s): they stay on one side", len(copies), other, told)
    return [listed.names[row] for row in rows]


def _sides(options: Recordings, listed: Listing, sources: Sequence[str]) -> tuple[Part, Sides, Mapping[str, Any]]:
    """What says which recordings train, validate and test; and the options that have chosen it."""
    arrays = {"name": np.array(listed.names), "source": np.array(sources)}
    chosen = [name for name in ("fold", "val_fold") if getattr(options, name) is not None]
    if chosen and not listed.folds:
        raise DataError(f"dataset.{chosen[0]}: {listed.called} has no column fold")
    leaked = {"on_leakage": options.on_leakage}
    if options.random_split is None and listed.folds and (chosen or not listed.splits):
        fold = _fold(options, listed)
        arrays["fold"], sides = np.array(listed.folds), Sides(fold, options.val_fold, options.on_leakage)
        settings: dict[str, Any] = {"fold": fold, "val_fold": options.val_fold, **leaked}
    elif options.random_split is None and listed.splits:
        arrays["split"], sides, settings = np.array(listed.splits), Sides(on_leakage=options.on_leakage), leaked
    else:
        drawn = options.random_split or DrawnSplit()
        arrays["split"] = _drawn(drawn, listed.categories, sources)
        sides, settings = Sides(), {"random_split": drawn.model_dump()}
    return Part(arrays, dict.fromkeys(arrays, listed.called)), sides, settings


def _fold(options: Recordings, listed: Listing) -> int:
    there = sorted(set(listed.folds))
    if len(there) < 2:
        raise DataError(f"{listed.called}: expected at least 2 folds, one to test on, got {there[0]} alone")
    return next(fold for fold in there if fold != options.val_fold) if options.fold is None else options.fold


def _drawn(options: DrawnSplit, categories: Sequence[str], sources: Sequence[str]) -> np.ndarray:
    """Whole recordings of every class, by the class of their first clip."""
    first = {source: row for row, source in reversed(list(enumerate(sources)))}
    of = np.array([categories[row] for row in first.values()])
    split = split_rows(len(of), options.val, options.test, options.seed, of)
    side = dict(zip(first, np.array(SPLITS)[split].tolist(), strict=True))
    return np.array([side[source] for source in sources])


def _warn_of_few(y: Tensor, train: Tensor, sources: Sequence[str], classes: Sequence[str]) -> None:
    """Say which classes have but one recording to learn from: nothing can be held out of them."""
    found = {
        (label, sources[row]) for row, (label, on) in enumerate(zip(y.tolist(), train.tolist(), strict=True)) if on
    }
    count = np.bincount([label for label, _ in found], minlength=len(classes))
    if few := [classes[label] for label in np.flatnonzero(count < 2).tolist()]:
        logger.warning(
            "%d of %d classes have fewer than 2 recordings to train on (%s): what scores them does not know them",
            len(few), len(classes), first_few(few, _NAMED),
        )  # fmt: skip
