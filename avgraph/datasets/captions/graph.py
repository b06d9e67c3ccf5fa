"""Recordings and their captions as a graph of ``audio`` and ``text`` nodes; what AudioCaps and Clotho share."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.base import DatasetStatus
from avgraph.datasets.captions.options import Captioned
from avgraph.datasets.captions.tables import Recording, find_recordings, find_tables
from avgraph.datasets.leakage import find_leakage
from avgraph.datasets.locate import locate
from avgraph.datasets.logmel_cache import cached_log_mels
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import SPLITS
from avgraph.io.files_read import checksums, sha256_listing

logger = logging.getLogger(__name__)


def load_captioned(options: Captioned) -> HeteroData:
    """The graph of `Captioned`.

    Raises:
        DataError: if there are no recordings or tables, or a row cannot be used; see `find_recordings`.
    """
    layout = options.layout
    located = locate([layout.dataset], options.root, holds=Path.is_dir)
    if located.folder is None:
        looked = ", ".join(map(str, located.looked))
        raise DataError(
            f"{layout.dataset}: no recordings in {looked}; set dataset.root to their folder ({layout.homepage})"
        )
    tables = find_tables(layout, located.folder, None if options.captions is None else Path(options.captions))
    found, absent = find_recordings(layout, located.folder, tables, drop_missing=options.on_missing_audio == "drop")
    if any(absent.values()):
        counts = ", ".join(f"{split} {count}" for split, count in absent.items() if count)
        logger.warning("%s: left out recordings that are not there: %s", layout.dataset, counts)
    recordings = checksums({f"{one.split}/{one.path.name}": one.path for one in found})
    content = [recordings[f"{one.split}/{one.path.name}"] for one in found]
    data = _graph(found)
    data["audio"].x = cached_log_mels([one.path for one in found], content, seconds=options.seconds)
    leakage = find_leakage(content, data["audio"].name, data["audio"].test_mask)
    if leakage:
        logger.warning("%s: %d recording(s) of the test also occur in other splits", layout.dataset, len(leakage))
    Provenance(
        dataset=layout.dataset,
        source="real",
        settings={"seconds": options.seconds},
        note=f"recordings not there: {absent}" if any(absent.values()) else "",
        files={**checksums({path.name: path for path in tables.values()}), "audio/": sha256_listing(recordings)},
        leakage=leakage,
    ).write_to(data)
    return data


def describe_captioned(kind: type[Captioned], root: str | Path | None) -> DatasetStatus:
    """How many of its recordings there are, or what it lacks.

    Raises:
        DataError: if ``root`` is no folder.
    """
    layout, name, what = kind.layout, kind.type_name(), kind.what()
    located = locate([layout.dataset], root, holds=Path.is_dir)
    try:
        tables = find_tables(layout, located.folder or located.looked[0], None)
        if located.folder is None:
            there = f"its tables are in {tables['train'].parent}"
            raise DataError(f"no folder of recordings ({layout.homepage}); {there}")
        found, absent = find_recordings(layout, located.folder, tables, drop_missing=True)
    except DataError as error:
        return DatasetStatus(name, what, "missing", looked=located.looked, note=str(error))
    count = Counter(one.split for one in found)
    note = ", ".join(f"{split}: {count[split]} ({absent[split]} missing)" for split in SPLITS)
    return DatasetStatus(
        name,
        what,
        "real",
        folder=located.folder,
        looked=located.looked,
        layout=f"tables in {tables['train'].parent}",
        unit="recordings",
        clips=len(found),
        note=note,
    )


def _graph(found: list[Recording]) -> HeteroData:
    data = HeteroData()
    audio, text = data["audio"], data["text"]
    audio.name = [one.path.stem for one in found]
    audio.y = torch.arange(len(found))
    text.name = [caption for one in found for caption in one.row.captions]
    text.y = torch.tensor([row for row, one in enumerate(found) for _ in one.row.captions])
    text.num_nodes = len(text.name)
    split = torch.tensor([SPLITS.index(one.split) for one in found])
    stores: tuple[tuple[Any, torch.Tensor], ...] = ((audio, split), (text, split[text.y]))
    for store, own in stores:
        for number, name in enumerate(SPLITS):
            store[f"{name}_mask"] = own == number
    return data
