"""Clips of different lengths, some of them silent, some of their frames without a mask, for MMVAE-AVS."""

from __future__ import annotations

import torch
from torch_geometric.data import HeteroData

from avgraph.graph.segmentation import HEARD

FRAMES = (2, 1, 3, 1, 2)
"""Of each clip to train on."""


def scenes() -> HeteroData:
    """Noise of 64 pixels with bright squares as masks; the last clip is silent, of the longest the first frame."""
    draw, data = torch.Generator().manual_seed(0), HeteroData()
    clip = torch.repeat_interleave(torch.tensor(FRAMES))
    count = len(clip)
    x = torch.randint(0, 120, (count, 3, 64, 64), generator=draw, dtype=torch.uint8)
    mask = torch.zeros(count, 64, 64, dtype=torch.uint8)
    for frame in range(count):
        mask[frame, 8 + frame : 30 + frame, 10 : 30 + 2 * frame] = 1
    frames, sounds = data["frame"], data["audio"]
    frames.x, frames.mask, frames.clip = x + 120 * mask[:, None], mask, clip
    frames.labelled = torch.tensor([True, False, True, True, True, False, True, True, True])
    for name in ("train_mask", "val_mask", "test_mask"):
        data["clip"][name] = torch.full((len(FRAMES),), name == "train_mask")
        frames[name] = data["clip"][name][clip]
    sounds.x = torch.randint(0, 255, (3, 64, 32), generator=draw, dtype=torch.uint8)
    sounds.y = torch.tensor([0, 1, -1])
    heard = torch.tensor([0, 1, 2, 4, 5, 6])
    data[HEARD].edge_index = torch.stack([torch.tensor([0, 0, 1, 2, 1, 0]), heard])
    data.provenance = {"source": "synthetic", "files": {}}
    return data
