"""Picture stamps with recordings of what they show, composed to clips."""

from __future__ import annotations

import logging
import os.path
from dataclasses import replace

import numpy as np
from torch_geometric.data import HeteroData

from avgraph.datasets.composed.compose import compose
from avgraph.datasets.composed.materials import SILENT, CutOuts, Materials
from avgraph.datasets.composed.noise import TEST_NOISES, TRAINING_NOISES, coloured_noises, white_noises
from avgraph.datasets.composed.options import Composed
from avgraph.datasets.esc.folder import locate_esc
from avgraph.datasets.sounding_shapes.options import SoundingShapes
from avgraph.datasets.stamps.backgrounds import read_backgrounds
from avgraph.datasets.stamps.esc50_classes import STAMPS_OF_CLASS
from avgraph.datasets.stamps.folder import PACKAGE, StampFolder, locate_stamps, read_stamps
from avgraph.datasets.stamps.options import Stamps
from avgraph.datasets.stamps.protocol import everywhere, usable_classes, usable_pictures
from avgraph.datasets.stamps.sounds import esc50_recordings, own_sounds
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance

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
    return Materials(
        cut_outs,
        recordings,
        classes,
        backgrounds.pictures,
        white_noises(TEST_NOISES, options.seed),
        coloured_noises(TRAINING_NOISES, options.seed),
        provenance,
    )


def _stand_in(options: Stamps, lacking: str) -> HeteroData:
    logger.warning("stamps: %s; using SYNTHETIC shapes in their place", lacking)
    shared = {one: getattr(options, one) for one in Composed.model_fields if one != "type"}
    # All twelve, so that any number of cut-outs that may be asked for can be shown.
    data = SoundingShapes(**shared, classes=12, recordings=10).load()
    replace(Provenance.of(data), dataset="stamps", note="synthetic stand-in for stamps").write_to(data)
    return data
