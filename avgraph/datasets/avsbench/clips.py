"""AVSBench's two parts as graphs: five frames a clip, the second of sound at each, masks as published."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets.avsbench.conditions import add_conditions
from avgraph.datasets.avsbench.layout import FRAMES, BenchClip, Layout, find_layout, read_clips
from avgraph.datasets.avsbench.options import Part
from avgraph.datasets.avsbench.sounds import read_sound
from avgraph.datasets.locate import locate
from avgraph.datasets.segmentation_graph import check_segmentation_graph
from avgraph.errors import DataError
from avgraph.graph.provenance import Provenance
from avgraph.graph.segmentation import HEARD
from avgraph.graph.vocabulary import SPLITS
from avgraph.io.files_read import checksum, unnoted
from avgraph.io.pictures import read_picture
from avgraph.runtime.progress import progress

HOMEPAGE = "https://github.com/OpenNLPLab/AVSBench"


def load_avsbench(part: Part, root: str | None, size: int) -> HeteroData:
    """See `avgraph.datasets.AVSBenchS4`."""
    located = locate(["avsbench"], root, lambda folder: find_layout(folder, part) is not None)
    layout = None if located.folder is None else find_layout(located.folder, part)
    if layout is None:
        looked = ", ".join(map(str, located.looked))
        told = f"expected {part}_meta_data.csv beside {part}_data/, from {HOMEPAGE}"
        raise DataError(f"avsbench_{part}: not found in {looked}; {told}")
    clips = read_clips(layout)
    with unnoted():  # thousands of files, which one digest stands for
        return _graph(layout, clips, size)


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
    files = {str(layout.table): checksum(layout.table), str(layout.data): _digest(picture, mask, audio.x)}
    Provenance(f"avsbench_{layout.part}", "real", note="", files=files).write_to(data)
    check_segmentation_graph(data)
    return data


def _digest(*parts: Tensor) -> str:
    """SHA-256 of what was read from the many files."""
    found = hashlib.sha256()
    for part in parts:
        found.update(np.ascontiguousarray(part.numpy()).data)
    return found.hexdigest()
