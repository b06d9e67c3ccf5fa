"""A segmentation graph on disk in AVSBench's layout: for tests of readers, and for other code that reads AVSBench."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor
from torch.nn import functional
from torch_geometric.data import HeteroData

from avgraph.datasets.avsbench.layout import FRAMES, BenchClip, Layout
from avgraph.datasets.avsbench.options import Part
from avgraph.datasets.avsbench.vggish import BANDS, COLUMNS
from avgraph.datasets.segmentation_graph import check_segmentation_graph
from avgraph.errors import DataError
from avgraph.graph.segmentation import HEARD
from avgraph.graph.vocabulary import SPLITS

_PALETTE = [0, 0, 0, 128, 0, 0]


def write_avsbench(data: HeteroData, folder: str | Path, part: Part, sounds: Literal["npz", "pkl"] = "npz") -> Layout:
    """Write clips of five frames as S4 or MS3; the folder is there whole or not at all.

    A sound over all five frames is cut into five seconds and scaled to VGGish's 96 × 64, which it then only resembles.
    Clips without a sounding object are left out of S4, which has none.

    Args:
        data: a graph that `avgraph.graph.segmentation` describes.
        folder: to be made; it must not be there.
        part: "s4", or "ms3".
        sounds: ``.npz``, or ``.pkl`` of a tensor as `torch.save` writes it.

    Raises:
        GraphError: if the graph is none of segmentation.
        DataError: if the folder is there, or a clip has not five frames.
    """
    from PIL import Image

    check_segmentation_graph(data)
    clip, frame, folder = data["clip"], data["frame"], Path(folder)
    if folder.exists():
        raise DataError(f"{folder}: is there already")
    if bool((frame.clip.bincount(minlength=len(clip.name)) != FRAMES).any()):
        raise DataError(f"{folder}: expected clips of {FRAMES} frames")
    sound_of = dict(zip(*data[HEARD].edge_index.flip(0).tolist(), strict=True))
    temporary = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    layout = Layout(part, temporary / f"{part}_meta_data.csv", temporary / f"{part}_data")
    rows = []
    try:
        layout.data.mkdir(parents=True)
        for number, name in enumerate(clip.name):
            if part == "s4" and int(clip.y[number]) < 0:
                continue
            split = next(split for split in SPLITS if bool(clip[f"{split}_mask"][number]))
            category = _plain(clip.class_names[int(clip.y[number])]) if part == "s4" else None
            one = BenchClip(name, split, category)
            rows.append([name, split, *([category] if category is not None else [])])
            for second in range(FRAMES):
                at = number * FRAMES + second
                colours = Image.fromarray(frame.x[at].permute(1, 2, 0).contiguous().numpy())
                colours.save(_made(layout.frame(one, second + 1)))
                if second < layout.masks(one):
                    mask = Image.fromarray(frame.mask[at].numpy()).convert("P")
                    mask.putpalette(_PALETTE)
                    mask.save(_made(layout.mask(one, second + 1)))
            heard = [sound_of.get(number * FRAMES + second) for second in range(FRAMES)]
            log_mel = _seconds(data["audio"].x, heard)
            path = _made(layout.sound(one, f".{sounds}"))
            if sounds == "pkl":
                torch.save(log_mel, path)
            else:
                np.savez(path, log_mel=log_mel.numpy())
        with layout.table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["name", "split", *(["category"] if part == "s4" else [])], *rows])
        temporary.rename(folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return Layout(part, folder / layout.table.name, folder / layout.data.name)


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _plain(name: str) -> str:
    return name.replace(" ", "_").replace("/", "_")


def _seconds(x: Tensor, heard: list[int | None]) -> Float32[Tensor, "5 1 96 64"]:
    """What is heard in each second; a sound that all frames share is cut into five."""
    found = torch.zeros(FRAMES, 1, COLUMNS, BANDS)
    whole = len(set(heard)) == 1
    for second, row in enumerate(heard):
        if row is None:
            continue
        sound = x[row].float() / (255 if x.dtype == torch.uint8 else 1)
        if whole:
            sound = sound.tensor_split(FRAMES, dim=1)[second]
        scaled = functional.interpolate(sound[None, None], size=(BANDS, COLUMNS), mode="bilinear", align_corners=False)
        found[second, 0] = scaled[0, 0].T
    return found
