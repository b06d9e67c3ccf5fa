"""The two layouts an ESC folder comes in, and the log-mel pictures of either.

* audio: ``audio/*.wav|ogg|flac`` beside the table, or the published archive with ``meta/esc50.csv``;
* pictures: ``esc50_logmel_u8.npz`` (logmel u8 [n, 128, 216], target, fold, name) beside the table.

Where a folder has both, the audio is used: it is the original.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from avgraph.datasets.audio import BANDS, FRAMES
from avgraph.datasets.esc.table import EscTable
from avgraph.datasets.logmel_cache import cached_log_mels
from avgraph.errors import DataError
from avgraph.io.files_read import checksums, sha256_listing
from avgraph.io.npz import read_npz

RECONSTRUCTED = "log-mels of folds 1, 2, 3, 5 reconstructed from 8-bit pictures"


@dataclass(frozen=True)
class EscLayout:
    """Where the parts of an ESC folder are; ``clips`` is the audio folder or the npz file."""

    kind: Literal["audio", "pictures"]
    table: Path
    clips: Path
    only_esc10: bool


def find_layout(folder: Path, dataset: Literal["esc50", "esc10"]) -> EscLayout | None:
    """Recognise the layout of ``folder``; None if it has neither.

    ESC-10 is taken from its own ``esc10.csv``, else as the clips marked ``esc10`` in the table of a full ESC-50.
    """
    own, full = folder / f"{dataset}.csv", (folder / "esc50.csv", folder / "meta" / "esc50.csv")
    for table in dict.fromkeys((own, *full)):
        only_esc10 = dataset == "esc10" and table.name == "esc50.csv"
        if not table.is_file() or (only_esc10 and not _has_esc10_column(table)):
            continue
        pictures = folder / f"{table.stem}_logmel_u8.npz"
        if (folder / "audio").is_dir():
            return EscLayout("audio", table, folder / "audio", only_esc10)
        if pictures.is_file():
            return EscLayout("pictures", table, pictures, only_esc10)
    return None


def _has_esc10_column(table: Path) -> bool:
    with open(table, encoding="utf-8", errors="replace") as file:
        return "esc10" in file.readline().strip().split(",")


def load_pictures(layout: EscLayout, table: EscTable) -> tuple[UInt8[Tensor, "n 128 216"], dict[str, str]]:
    """Pictures in the order of the table's rows, and the SHA-256 of each file they came from.

    The clips of an audio folder share one entry, ``audio/``: the SHA-256 of what ``sha256sum *`` prints for them.

    Raises:
        DataError: naming the row whose clip is missing or differs, or the file that cannot be used.
    """
    if layout.kind == "pictures":
        return _from_npz(layout.clips, table), checksums({path.name: path for path in (table.path, layout.clips)})
    paths = [layout.clips / clip.filename for clip in table.clips]
    for path, clip in zip(paths, table.clips, strict=True):
        if not path.is_file():
            raise DataError(f"{table.path}:{clip.line}: clip {clip.filename!r} is not in {layout.clips}")
    clips = checksums({path.name: path for path in paths})
    files = {**checksums({table.path.name: table.path}), "audio/": sha256_listing(clips)}
    return cached_log_mels(paths, [clips[path.name] for path in paths]), files


def _from_npz(path: Path, table: EscTable) -> UInt8[Tensor, "n 128 216"]:
    arrays = read_npz(path, ("logmel", "target", "fold", "name"))
    logmel = arrays["logmel"]
    count = arrays["name"].size
    if logmel.dtype != np.uint8 or logmel.shape != (count, BANDS, FRAMES):
        expected = f"uint8 [{count}, {BANDS}, {FRAMES}]"
        raise DataError(f"{path}: logmel: expected {expected}, got {logmel.dtype} {list(logmel.shape)}")
    for key in ("target", "fold", "name"):
        if arrays[key].shape != (count,):
            raise DataError(f"{path}: {key}: expected shape [{count}], got {list(arrays[key].shape)}")
    row_of = {str(name): row for row, name in enumerate(arrays["name"])}
    rows = []
    for clip in table.clips:
        if (row := row_of.get(clip.name)) is None:
            raise DataError(f"{table.path}:{clip.line}: clip {clip.name!r} is not in {path.name}")
        for key, value in (("fold", clip.fold), ("target", clip.target)):
            if int(arrays[key][row]) != value:
                raise DataError(
                    f"{path}: row {row} ({clip.name}): {key} {int(arrays[key][row])}, but "
                    f"{table.path.name}:{clip.line} says {value}"
                )
        rows.append(row)
    if not table.has_esc10 and len(rows) != count:
        listed = {clip.name for clip in table.clips}
        extra = next(name for name in row_of if name not in listed)
        raise DataError(f"{path}: row {row_of[extra]} ({extra}) is not in {table.path.name}")
    return torch.from_numpy(logmel[rows])
