"""Picture stamps with their spoken and written captions as one graph."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.audio import BANDS, SAMPLE_RATE, frames_of, log_mel, to_uint8
from avgraph.datasets.base import DatasetStatus, Root
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.stamps.caption_options import StampCaptions
from avgraph.datasets.stamps.folder import PICTURES, TABLE, read_stamps
from avgraph.datasets.stamps.made_up_captions import made_up
from avgraph.datasets.stamps.protocol import FOLDS
from avgraph.errors import DataError
from avgraph.graph.masks import fold_masks
from avgraph.graph.provenance import Provenance
from avgraph.graph.vocabulary import SPLITS
from avgraph.io.cache import cache_folder, kept_array
from avgraph.io.files_read import checksum, checksums
from avgraph.io.mapped_rows import Array
from avgraph.io.reading import reading

logger = logging.getLogger(__name__)

_RECIPE = "speech-v1"  # changes when the pictures of recordings do, so that an old cache is not taken for a new one


@dataclass(frozen=True)
class CaptionedStamps:
    """Stamps with what is said and written of them, a row each.

    Attributes:
        picture: rgba [n, side, side, 4].
        name: of each.
        category: of each.
        caption: what is written of each.
        spoken: stamps that something is said of [k].
        log_mel: what is said [k, 128, frames]; None where recordings are not asked for.
        files: SHA-256 of what was read; none where it is made up.
    """

    picture: npt.NDArray[np.uint8]
    name: Sequence[str]
    category: Sequence[str]
    caption: Sequence[str]
    spoken: npt.NDArray[np.int64]
    log_mel: Tensor | None
    files: dict[str, str] | None = None


def load_stamp_captions(options: StampCaptions) -> HeteroData:
    """The graph of `StampCaptions`.

    Raises:
        DataError: if there are no data, or they cannot be used.
    """
    located = _locate(options.root)
    if located.folder is not None:
        return _graph(_read(located.folder, options), options)
    lacking = f"no {PICTURES} and {TABLE} in {', '.join(map(str, located.looked))}"
    if options.root is not None or "synthetic" not in options.on_missing:
        raise DataError(f"stamp_captions: {lacking}")
    logger.warning("stamp_captions: %s; using SYNTHETIC words and pictures in their place", lacking)
    return _graph(CaptionedStamps(*made_up(options.seconds)), options)


def describe_stamp_captions(root: Root, name: str, what: str) -> DatasetStatus:
    """What there is of `StampCaptions`."""
    located = _locate(root)
    if located.folder is None:
        note = f"expected {PICTURES}, {TABLE} and speech_fr.ogg"
        return DatasetStatus(name, what, "missing", looked=located.looked, note=note)
    rows = _table(located.folder / TABLE, ("name", "category"))
    return DatasetStatus(
        name, what, "real", located.folder, located.looked, PICTURES, unit="pictures", clips=len(rows),
        classes=len({row["category"] for row in rows}),
    )  # fmt: skip


def _locate(root: Root) -> Located:
    return locate(["stamps"], root, lambda folder: (folder / PICTURES).is_file() and (folder / TABLE).is_file())


def _read(folder: Path, options: StampCaptions) -> CaptionedStamps:
    start, end = f"speech_{options.spoken}_start", f"speech_{options.spoken}_end"
    stamps = read_stamps(folder)
    rows = _table(folder / TABLE, ("name", "category", options.written, start, end))
    if [row["name"] for row in rows] != list(stamps.name):
        raise DataError(f"{folder / TABLE}: name: expected the names of {PICTURES}, in their order")
    heard = "audio" in options.holds
    spoken = np.array([number for number, row in enumerate(rows) if row[start]], dtype=np.int64)
    speech = folder / f"speech_{options.spoken}.ogg"
    try:
        ranges = [(int(rows[number][start]), int(rows[number][end])) for number in spoken]
    except ValueError as error:
        raise DataError(f"{folder / TABLE}: {start}, {end}: expected numbers of samples: {error}") from None
    log_mel = _log_mels(speech, ranges, options.seconds) if heard else None
    return CaptionedStamps(
        stamps.picture,
        stamps.name,
        [row["category"] for row in rows],
        [row[options.written] or row["name"] for row in rows],
        spoken,
        log_mel,
        {**stamps.files, **(checksums([speech]) if heard else {})},
    )


def _table(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    with reading(path, "csv"), path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        known = rows.fieldnames or ()
        if missing := [key for key in needed if key not in known]:
            raise DataError(f"{path}: no column '{missing[0]}'; it has {', '.join(known) or 'none'}")
        return list(rows)


def _log_mels(path: Path, ranges: Sequence[tuple[int, int]], seconds: float) -> Tensor:
    """Log-mels of parts of a recording, computed once."""
    with reading(path, "audio"), soundfile.SoundFile(path) as file:
        rate, length = file.samplerate, file.frames
    for start, end in ranges:
        if not 0 <= start < end <= length:
            raise DataError(f"{path}: expected parts within its {length} samples, got {start} to {end}")
    samples = round(SAMPLE_RATE * seconds)

    def fill(target: Array) -> None:
        with reading(path, "audio"):
            whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
        for row, (start, end) in enumerate(ranges):
            part = soxr.resample(whole[start:end].mean(1), rate, SAMPLE_RATE)[:samples]
            target[row] = to_uint8(log_mel(np.pad(part, (0, samples - len(part))).astype(np.float32))).numpy()

    shape = (len(ranges), BANDS, frames_of(seconds))
    file_name = f"{checksum(path)}-{samples}-{len(ranges)}-{_RECIPE}.npy"
    return torch.from_numpy(np.array(kept_array(cache_folder("logmel") / file_name, shape, np.uint8, fill)))


def _graph(stamps: CaptionedStamps, options: StampCaptions) -> HeteroData:
    captions, caption = np.unique(stamps.caption, return_inverse=True)
    categories, category = np.unique(stamps.category, return_inverse=True)
    fold = torch.from_numpy(np.random.default_rng(0).permutation(len(captions)) % FOLDS + 1)
    masks = fold_masks(fold, options.fold, options.val_fold)
    of_caption, of_category = torch.from_numpy(caption.reshape(-1)), torch.from_numpy(category.reshape(-1))
    spoken = torch.from_numpy(stamps.spoken)
    data = HeteroData()
    whole = {"audio": spoken, "image": torch.arange(len(caption))}
    for node, rows in ((node, whole[node]) for node in options.holds):
        data[node].y, data[node].category = of_caption[rows], of_category[rows]
        data[node].name = [stamps.name[row] for row in rows.tolist()]
    data["text"].y, data["text"].name = torch.arange(len(captions)), captions.tolist()
    data["label"].y, data["label"].name = torch.arange(len(categories)), categories.tolist()
    data["label"].x = torch.eye(len(categories))
    for split, mask in zip(SPLITS, masks, strict=True):
        for held in (*options.holds, "text"):
            data[held][f"{split}_mask"] = mask[data[held].y]
    if "audio" in options.holds:
        data["audio"].x = stamps.log_mel
    if "image" in options.holds:
        data["image"].x = small(stamps.picture, options.pixels)
    made = stamps.files is None
    settings = {"fold": options.fold, "written": options.written}
    settings |= {"spoken": options.spoken} if "audio" in options.holds else {}
    Provenance(
        dataset="stamp_captions",
        source="synthetic" if made else "real",
        settings=settings,
        note="synthetic stand-in for stamps" if made else "",
        classes=None,
        files=stamps.files or {},
        leakage=[],
    ).write_to(data)
    return data


def small(picture: npt.NDArray[np.uint8], pixels: int) -> Tensor:
    """Pictures brought to a side of ``pixels`` by the mean over areas, a row each; what is seen through is black.

    Shapes:
        picture [n, h, w, 4] → [n, 4 · pixels²]

    Example:
        >>> small(np.full((1, 4, 4, 4), 255, np.uint8), 2).shape
        torch.Size([1, 16])
    """
    x = torch.from_numpy(picture).permute(0, 3, 1, 2).float() / 255
    x = torch.cat([x[:, :3] * x[:, 3:], x[:, 3:]], 1)
    return torch.nn.functional.adaptive_avg_pool2d(x, pixels).flatten(1)
