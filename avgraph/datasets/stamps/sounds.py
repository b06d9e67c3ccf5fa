"""What is heard of stamps: recordings of ESC-50, or the one sound that comes with a stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from avgraph.datasets.composed.materials import Sounds
from avgraph.datasets.esc.options import ESC50
from avgraph.datasets.logmel_cache import cached_log_mels
from avgraph.datasets.stamps.folder import StampFolder
from avgraph.datasets.stamps.options import Protocol
from avgraph.datasets.stamps.protocol import everywhere, validation_fold
from avgraph.errors import DataError
from avgraph.io.files_read import checksums
from avgraph.io.reading import check_regular


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
