"""Recordings and their captions as a graph of ``audio`` and ``text`` nodes; what AudioCaps and Clotho share."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal

import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.caption_files import SPLITS, CaptionLayout, Recording, find_recordings, find_tables
from avgraph.datasets.leakage import find_leakage
from avgraph.datasets.locate import locate
from avgraph.datasets.logmel_cache import cached_log_mels
from avgraph.errors import DataError
from avgraph.io.checksum import sha256_file, sha256_listing

logger = logging.getLogger(__name__)

OnMissingAudio = Literal["error", "drop"]


def load_captioned(
    layout: CaptionLayout,
    root: str | Path | None,
    captions: str | Path | None,
    seconds: float,
    on_missing_audio: OnMissingAudio,
) -> HeteroData:
    """``audio`` (raw log-mels of ``seconds``) and ``text`` (one node per caption), joined by equal ``y``.

    Shapes:
        audio.x uint8 [n, 128, frames], audio.y [n] = 0 … n-1; text.y [captions]: the recording each is of.

    Raises:
        DataError: if there are no recordings or tables, or a row cannot be used; see `find_recordings`.
    """
    if not seconds > 0:
        raise DataError(f"dataset.seconds: expected a number above 0, got {seconds}")
    located = locate([layout.dataset], root, holds=Path.is_dir)
    if located.folder is None:
        looked = ", ".join(map(str, located.looked))
        raise DataError(
            f"{layout.dataset}: no recordings in {looked}; set dataset.root to their folder ({layout.homepage})"
        )
    tables = find_tables(layout, located.folder, None if captions is None else Path(captions).expanduser())
    found, absent = find_recordings(layout, located.folder, tables, drop_missing=on_missing_audio == "drop")
    if any(absent.values()):
        counts = ", ".join(f"{split} {count}" for split, count in absent.items() if count)
        logger.warning("%s: left out recordings that are not there: %s", layout.dataset, counts)
    checksums = [sha256_file(one.path) for one in found]
    data = _graph(found)
    data["audio"].x = cached_log_mels([one.path for one in found], checksums, seconds=seconds)
    leakage = find_leakage(checksums, data["audio"].name, data["audio"].test_mask)
    if leakage:
        logger.warning("%s: %d recording(s) of the test also occur in other splits", layout.dataset, len(leakage))
    names = {f"{one.split}/{one.path.name}": checksum for one, checksum in zip(found, checksums, strict=True)}
    data.provenance = {
        "dataset": layout.dataset,
        "source": "real",
        "note": f"recordings not there: {absent}" if any(absent.values()) else "",
        "seconds": seconds,
        "files": {**{path.name: sha256_file(path) for path in tables.values()}, "audio/": sha256_listing(names)},
        "leakage": [dict(leak) for leak in leakage],
    }
    return data


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
