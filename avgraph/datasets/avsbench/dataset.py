"""AVSBench's two parts as graphs: five frames a clip, the second of sound at each, masks as published."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.avsbench.conditions import add_conditions
from avgraph.datasets.avsbench.layout import FRAMES, SPLITS, BenchClip, Layout, Part, find_layout, read_clips
from avgraph.datasets.avsbench.sounds import read_sound
from avgraph.datasets.locate import locate
from avgraph.datasets.segmentation_graph import check_segmentation_graph
from avgraph.errors import DataError
from avgraph.io.checksum import sha256_file
from avgraph.io.picture import read_picture
from avgraph.runtime.progress import progress
from avgraph.segmentation import HEARD

HOMEPAGE = "https://github.com/OpenNLPLab/AVSBench"


@dataclass(frozen=True)
class _AVSBench:
    part: ClassVar[Part]

    root: str | Path | None = None
    size: int = 224

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 512:
            raise DataError(f"dataset.size: expected 16 to 512, got {self.size}")

    def load(self) -> HeteroData:
        """The graph that `avgraph.segmentation` describes; splits are the table's.

        Raises:
            DataError: if the data are not there, or naming the file that is missing or damaged.
        """
        located = locate(["avsbench"], self.root, lambda folder: find_layout(folder, self.part) is not None)
        layout = None if located.folder is None else find_layout(located.folder, self.part)
        if layout is None:
            looked = ", ".join(map(str, located.looked))
            told = f"expected {self.part}_meta_data.csv beside {self.part}_data/, from {HOMEPAGE}"
            raise DataError(f"avsbench_{self.part}: not found in {looked}; {told}")
        return _graph(layout, read_clips(layout), self.size)


class AVSBenchS4(_AVSBench):
    """S4: 4,932 clips of one sounding object in 23 categories; of a training clip only the first mask is known.

    Args:
        root: folder with ``Single-source/`` or ``s4_meta_data.csv``; None looks in ``$AVGRAPH_DATA/avsbench``, then in
            the user's cache.
        size: height and width that frames and masks are brought to.

    Raises:
        DataError: if ``size`` is out of range.

    Example:
        >>> AVSBenchS4(size=64).size
        64
    """

    part = "s4"


class AVSBenchMS3(_AVSBench):
    """MS3: 424 clips of several sounding objects; all masks are known, their objects are one foreground.

    Args:
        root: folder with ``Multi-sources/`` or ``ms3_meta_data.csv``; None looks as `AVSBenchS4`.
        size: height and width that frames and masks are brought to.

    Raises:
        DataError: if ``size`` is out of range.

    Example:
        >>> AVSBenchMS3().part
        'ms3'
    """

    part = "ms3"


def _graph(layout: Layout, clips: Sequence[BenchClip], size: int) -> HeteroData:
    clips = sorted(clips, key=lambda clip: SPLITS.index(clip.split))  # sorted() keeps the table's order in a split
    count = len(clips) * FRAMES
    picture, mask = (
        torch.empty(count, 3, size, size, dtype=torch.uint8),
        torch.zeros(count, size, size, dtype=torch.uint8),
    )
    labelled, sounds = torch.zeros(count, dtype=torch.bool), []
    for row, clip in enumerate(progress(clips, f"clips of AVSBench {layout.part}")):
        for second in range(FRAMES):
            at = row * FRAMES + second
            rgb = read_picture(layout.frame(clip, second + 1), "RGB", size)
            picture[at] = torch.from_numpy(rgb.copy()).permute(2, 0, 1)
            if second < layout.masks(clip):
                mask[at] = torch.from_numpy(read_picture(layout.mask(clip, second + 1), "mask", size).copy())
                labelled[at] = True
        sounds.append(read_sound(layout, clip))

    data = HeteroData()
    split = torch.tensor([SPLITS.index(clip.split) for clip in clips])
    frame_clip = torch.arange(len(clips)).repeat_interleave(FRAMES)
    for number, name in enumerate(SPLITS):
        data["clip"][f"{name}_mask"] = split == number
        data["frame"][f"{name}_mask"] = (split == number)[frame_clip]
    data["clip"].name = [clip.name for clip in clips]
    if layout.part == "s4":
        names = sorted({str(clip.category) for clip in clips})
        data["clip"].y = torch.tensor([names.index(str(clip.category)) for clip in clips])
        data["clip"].class_names = names
    frame, audio = data["frame"], data["audio"]
    frame.x, frame.mask, frame.labelled, frame.clip = picture, mask, labelled, frame_clip
    audio.x = torch.cat(sounds)
    frame.name = [f"{clip.name}_{second + 1}" for clip in clips for second in range(FRAMES)]
    audio.name = list(frame.name)
    data[HEARD].edge_index = torch.arange(count).repeat(2, 1)
    add_conditions(data)
    data.provenance = {
        "dataset": f"avsbench_{layout.part}",
        "source": "real",
        "note": "",
        "files": {str(layout.table): sha256_file(layout.table), str(layout.data): _digest(picture, mask, audio.x)},
    }
    check_segmentation_graph(data)
    return data


def _digest(*parts: Tensor) -> str:
    """SHA-256 of what was read from the many files."""
    found = hashlib.sha256()
    for part in parts:
        found.update(np.ascontiguousarray(part.numpy()).data)
    return found.hexdigest()
