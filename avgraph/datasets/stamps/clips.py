"""Picture stamps with recordings of what they show, composed to clips."""

from __future__ import annotations

import logging
import os.path
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.compose import compose
from avgraph.datasets.composed.materials import SILENT, CutOuts, Materials, Sounds, noise_sounds
from avgraph.datasets.composed.options import Composed
from avgraph.datasets.esc.folder import locate_esc
from avgraph.datasets.esc.options import ESC50
from avgraph.datasets.logmel_cache import cached_log_mels
from avgraph.datasets.sounding_shapes.options import SoundingShapes
from avgraph.datasets.stamps.backgrounds import read_backgrounds
from avgraph.datasets.stamps.esc50_classes import STAMPS_OF_CLASS
from avgraph.datasets.stamps.folder import PACKAGE, StampFolder, locate_stamps, read_stamps
from avgraph.datasets.stamps.options import Protocol, Stamps
from avgraph.datasets.stamps.protocol import everywhere, usable_classes, usable_pictures, validation_fold
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.io.files_read import checksums
from avgraph.io.reading import check_regular

logger = logging.getLogger(__name__)


def load_stamps(options: Stamps) -> HeteroData:
    """See `Stamps.load`.

    Raises:
        DataError: if no data can be had, or what is there cannot be used.
    """
    located = locate_stamps(options.root)
    lacking = None
    if located.folder is None:
        looked = ", ".join(map(str, located.looked))
        lacking = f"no stamps in {looked}; expected pictures.npz, or the folder of the Debian package {PACKAGE}"
    elif options.sounds == "esc50" and locate_esc("esc50", options.esc50_root).folder is None:
        lacking = "no ESC-50 to hear; set dataset.esc50_root or AVGRAPH_DATA, or `avgraph data fetch esc50`"
    if lacking is not None or located.folder is None:
        named = options.root is not None if located.folder is None else options.esc50_root is not None
        if named or "synthetic" not in options.on_missing:
            raise DataError(f"stamps: {lacking}")
        return _stand_in(options, str(lacking))
    return compose(_materials(options, read_stamps(located.folder)), options, options.other_stamps)


def _materials(options: Stamps, folder: StampFolder) -> Materials:
    named: dict[str, list[str]]
    if options.sounds == "own":
        named = {name: [name] for name in folder.name if name in folder.sound}
    else:
        there = set(folder.name)
        named = {k: [name for name in names if name in there] for k, names in STAMPS_OF_CLASS.items()}
    classes = [k for k, names in named.items() if names]
    class_of = {name: row for row, k in enumerate(classes) for name in named[k]}
    # A silent stamp of the folder that a class is drawn from may show the same thing: it is left out.
    near = {os.path.dirname(name) for name in class_of} if options.sounds == "esc50" else set()
    kept = [row for row, name in enumerate(folder.name) if name in class_of or os.path.dirname(name) not in near]
    names = [folder.name[row] for row in kept]
    y = np.array([class_of.get(name, SILENT) for name in names], dtype=np.int64)
    if options.sounds == "own":
        sounds = own_sounds(folder, classes)
    else:
        sounds = esc50_recordings(options.esc50_root, classes, options.fold, options.protocol)
    recordings, usable = sounds.recordings, everywhere(len(y))
    if options.sounds == "own" and options.protocol == "both":
        usable = usable_classes(classes, y, options.fold)
        recordings = replace(recordings, usable=usable_classes(classes, recordings.y, options.fold))
    elif options.protocol in ("new_pictures", "both"):
        usable = usable_pictures(y, options.fold)
    backgrounds = read_backgrounds(options.cifar10_root, options.seed)
    notes = ["stamps, sounds and backgrounds are composed; they were never recorded together", *backgrounds.notes]
    notes += sounds.notes
    if options.max_sounding > 1:
        notes.append("two sounds are mixed by the maximum of their normalised log-mels, a stand-in")
    provenance = Provenance(
        f"stamps/{options.sounds}/{options.protocol}",
        "composed",
        {"fold": options.fold, "seed": options.seed},
        "; ".join(notes),
        classes,
        {**folder.files, **sounds.files, **backgrounds.files},
    )
    cut_outs = CutOuts(folder.picture[kept], names, y, usable)
    noise = noise_sounds(8, options.seed)
    return Materials(cut_outs, recordings, classes, backgrounds.pictures, noise, provenance)


def _stand_in(options: Stamps, lacking: str) -> HeteroData:
    logger.warning("stamps: %s; using SYNTHETIC shapes in their place", lacking)
    shared = {one: getattr(options, one) for one in Composed.model_fields if one != "type"}
    # All twelve, so that any number of cut-outs that may be asked for can be shown.
    data = SoundingShapes(**shared, classes=12, recordings=10).load()
    replace(Provenance.of(data), dataset="stamps", note="synthetic stand-in for stamps").write_to(data)
    return data


@dataclass(frozen=True)
class StampSounds:
    """Recordings with their classes, and what to say of them."""

    recordings: Sounds
    files: Mapping[str, str]
    notes: Sequence[str] = ()


def esc50_recordings(root: str | Path | None, classes: Sequence[str], fold: int, protocol: Protocol) -> StampSounds:
    """ESC-50's recordings of ``classes``; a recording of the test fold that is in another fold too is left out there.

    In ``new_pictures`` every split hears the training folds, in ``new_clips`` all folds.

    Raises:
        DataError: if ESC-50 is not there, damaged, or lacks a class.
    """
    data = ESC50(root=root, fold=fold, val_fold=validation_fold(fold), on_missing=[], on_leakage="drop").load()
    audio, there = data["audio"], list(data["label"].name)
    if missing := [name for name in classes if name not in there]:
        raise DataError(f"stamps: ESC-50 has no class {missing[0]!r}; it has {len(there)} others")
    own = torch.tensor([there.index(name) for name in classes])
    place = torch.full((len(there),), -1)
    place[own] = torch.arange(len(classes))
    y = place[audio.y]
    masks = torch.stack([audio.train_mask, audio.val_mask, audio.test_mask])
    if protocol == "new_pictures":
        masks = masks[:1].repeat(3, 1)
    elif protocol == "new_clips":
        masks = torch.ones_like(masks)
    rows = ((y >= 0) & masks.any(0)).nonzero().flatten()
    sounds = Sounds(audio.x[rows], [audio.name[row] for row in rows], y[rows].numpy(), masks[:, rows].numpy())
    note = str(data.provenance.get("note", ""))
    return StampSounds(sounds, dict(data.provenance.get("files", {})), [note] if note else [])


def own_sounds(folder: StampFolder, classes: Sequence[str]) -> StampSounds:
    """The sound of each stamp that has one, 5 s long, as a log-mel; computed once.

    Raises:
        DataError: if a file is missing or cannot be read.
    """
    paths = [folder.sound[name] for name in classes]
    for path in paths:
        check_regular(path)
    files = checksums(paths)
    x = cached_log_mels(paths, [files[str(path)] for path in paths])
    y = np.arange(len(classes))
    return StampSounds(Sounds(x, [f"sound of {name}" for name in classes], y, everywhere(len(y))), files)
