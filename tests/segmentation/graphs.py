"""A small graph that keeps the contract of `avgraph.segmentation`, for tests to spoil."""

from __future__ import annotations

import torch
from torch_geometric.data import HeteroData

from avgraph.segmentation import HEARD, OFF_SCREEN, SILENCE, SWAPPED


def small_graph() -> HeteroData:
    """Three clips (train, val, test) of two frames of 4 × 4 pixels, three sounds."""
    data = HeteroData()
    for number, split in enumerate(("train_mask", "val_mask", "test_mask")):
        data["clip"][split] = torch.arange(3) == number
        data["frame"][split] = torch.arange(6) // 2 == number
    data["clip"].name = ["a", "b", "c"]
    frame = data["frame"]
    frame.x = torch.zeros(6, 3, 4, 4, dtype=torch.uint8)
    frame.clip = torch.arange(6) // 2
    frame.mask = torch.zeros(6, 4, 4, dtype=torch.uint8)
    frame.mask[:, :2] = 1
    frame.labelled = torch.tensor([True, False, True, True, True, True])
    frame.name = [f"frame {row}" for row in range(6)]
    data["audio"].x = torch.zeros(3, 8, 5, dtype=torch.uint8)
    data["audio"].name = ["bark", "bell", "silence"]
    data[HEARD].edge_index = torch.tensor([[0, 0, 1, 1, 0], [0, 1, 2, 3, 4]])
    data[SWAPPED].edge_index = torch.tensor([[0, 1], [2, 4]])
    data[SWAPPED].mask = torch.ones(2, 4, 4, dtype=torch.uint8)
    data[OFF_SCREEN].edge_index = torch.tensor([[1], [5]])
    data[SILENCE].edge_index = torch.tensor([[2, 2], [2, 3]])
    return data
