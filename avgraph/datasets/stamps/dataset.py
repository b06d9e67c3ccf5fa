"""Picture stamps with recordings of what they show, composed to clips."""

from __future__ import annotations

import logging
import os.path
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.compose import compose
from avgraph.datasets.composed.composition import Composition
from avgraph.datasets.composed.materials import SILENT, CutOuts, Materials
from avgraph.datasets.composed.noise import noise_sounds
from avgraph.datasets.esc import locate_esc
from avgraph.datasets.masks import check_folds
from avgraph.datasets.sounding_shapes import SoundingShapes
from avgraph.datasets.stamps.backgrounds import read_backgrounds
from avgraph.datasets.stamps.esc50_classes import STAMPS_OF_CLASS
from avgraph.datasets.stamps.folder import PACKAGE, StampFolder, locate_stamps, read_stamps
from avgraph.datasets.stamps.protocol import Protocol, everywhere, usable_classes, usable_pictures
from avgraph.datasets.stamps.sounds import esc50_recordings, own_sounds
from avgraph.errors import DataError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Stamps(Composition):
    """Clips in which stamps move over blurred CIFAR-10 pictures; what is heard is the mask.

    The sounds are real recordings and the outlines are exact, but nothing was recorded together: clips are composed.

    Args:
        root: folder of the stamps, prepared or as installed; None looks in ``$AVGRAPH_DATA/stamps``, the user's cache
            and ``/usr/share/tuxpaint/stamps``.
        esc50_root: folder of ESC-50; None looks in ``$AVGRAPH_DATA``, then in the user's cache.
        cifar10_root: folder of ``images_6k.npz``; None looks as for ESC-50, and takes noise where there is none.
        sounds: "esc50", 40 recordings of each of 26 classes, or "own", the one sound that comes with a stamp.
        protocol: "new_recordings" (of the test fold; pictures are seen in training), "new_pictures" (one cut-out of
            each class with several is held out; recordings are heard in training), "both", or "new_clips" (only the
            composition is new). With own sounds, "both" holds out stamps with their sounds: zero-shot.
        fold: to test on, 1 to 5; the next one validates.
        other_stamps: how likely a silent cut-out is one that stands for no class.
        on_missing: "synthetic" takes sounding shapes where there are no stamps or no recordings.

    Raises:
        DataError: if an option is out of range or does not fit another.

    Example:
        >>> Stamps(train_clips=10, fold=2).fold
        2
    """

    root: str | Path | None = None
    esc50_root: str | Path | None = None
    cifar10_root: str | Path | None = None
    sounds: Literal["esc50", "own"] = "esc50"
    protocol: Protocol = "new_recordings"
    fold: int = 1
    other_stamps: float = 0.3
    on_missing: Sequence[Literal["synthetic"]] = ("synthetic",)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_folds(self.fold, None)
        if self.sounds not in ("esc50", "own"):
            raise DataError(f"dataset.sounds: expected 'esc50' or 'own', got {self.sounds!r}")
        if self.protocol not in get_args(Protocol):
            raise DataError(f"dataset.protocol: expected one of {', '.join(get_args(Protocol))}, got {self.protocol!r}")
        if self.sounds == "own" and self.protocol not in ("both", "new_clips"):
            told = "'both' or 'new_clips' with sounds 'own', one recording a stamp"
            raise DataError(f"dataset.protocol: expected {told}, got {self.protocol!r}")
        if not 0 <= self.other_stamps <= 1:
            raise DataError(f"dataset.other_stamps: expected 0 to 1, got {self.other_stamps}")

    def load(self) -> HeteroData:
        """The graph that `avgraph.segmentation` describes, with all conditions to test under.

        Raises:
            DataError: if no data can be had, or what is there cannot be used.
        """
        located = locate_stamps(self.root)
        lacking = None
        if located.folder is None:
            looked = ", ".join(map(str, located.looked))
            lacking = f"no stamps in {looked}; expected pictures.npz, or the folder of the Debian package {PACKAGE}"
        elif self.sounds == "esc50" and locate_esc("esc50", self.esc50_root).folder is None:
            lacking = "no ESC-50 to hear; set dataset.esc50_root or AVGRAPH_DATA, or `avgraph data fetch esc50`"
        if lacking is not None or located.folder is None:
            named = self.root is not None if located.folder is None else self.esc50_root is not None
            if named or "synthetic" not in self.on_missing:
                raise DataError(f"stamps: {lacking}")
            return self._stand_in(str(lacking))
        return compose(self._materials(read_stamps(located.folder)), self, self.other_stamps)

    def _materials(self, folder: StampFolder) -> Materials:
        named: dict[str, list[str]]
        if self.sounds == "own":
            named = {name: [name] for name in folder.name if name in folder.sound}
        else:
            there = set(folder.name)
            named = {k: [name for name in names if name in there] for k, names in STAMPS_OF_CLASS.items()}
        classes = [k for k, names in named.items() if names]
        class_of = {name: row for row, k in enumerate(classes) for name in named[k]}
        # A silent stamp of the folder that a class is drawn from may show the same thing: it is left out.
        near = {os.path.dirname(name) for name in class_of} if self.sounds == "esc50" else set()
        kept = [row for row, name in enumerate(folder.name) if name in class_of or os.path.dirname(name) not in near]
        names = [folder.name[row] for row in kept]
        y = np.array([class_of.get(name, SILENT) for name in names], dtype=np.int64)
        if self.sounds == "own":
            sounds = own_sounds(folder, classes)
        else:
            sounds = esc50_recordings(self.esc50_root, classes, self.fold, self.protocol)
        recordings, usable = sounds.recordings, everywhere(len(y))
        if self.sounds == "own" and self.protocol == "both":
            usable = usable_classes(classes, y, self.fold)
            recordings = replace(recordings, usable=usable_classes(classes, recordings.y, self.fold))
        elif self.protocol in ("new_pictures", "both"):
            usable = usable_pictures(y, self.fold)
        backgrounds = read_backgrounds(self.cifar10_root, self.seed)
        notes = ["stamps, sounds and backgrounds are composed; they were never recorded together", *backgrounds.notes]
        notes += sounds.notes
        if self.max_sounding > 1:
            notes.append("two sounds are mixed by the maximum of their normalised log-mels, a stand-in")
        provenance = {
            "dataset": f"stamps/{self.sounds}/{self.protocol}",
            "source": "composed",
            "fold": self.fold,
            "seed": self.seed,
            "note": "; ".join(notes),
            "classes": classes,
            "files": {**folder.files, **sounds.files, **backgrounds.files},
        }
        cut_outs = CutOuts(folder.picture[kept], names, y, usable)
        noise = noise_sounds(8, self.seed)
        return Materials(cut_outs, recordings, classes, backgrounds.pictures, noise, provenance)

    def _stand_in(self, lacking: str) -> HeteroData:
        logger.warning("stamps: %s; using SYNTHETIC shapes in their place", lacking)
        shared = {one.name: getattr(self, one.name) for one in fields(Composition)}
        # All twelve, so that any number of cut-outs that may be asked for can be shown.
        data = SoundingShapes(**shared, classes=12, recordings=10).load()
        data.provenance = {**data.provenance, "dataset": "stamps", "note": "synthetic stand-in for stamps"}
        return data
