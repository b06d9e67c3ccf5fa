"""What AVSBench's validation and test clips are tested under beside their own sound."""

from __future__ import annotations

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.avsbench.layout import FRAMES
from avgraph.datasets.avsbench.vggish import RATE, vggish_log_mel
from avgraph.segmentation import NOISE, OFF_SCREEN, SILENCE


def add_conditions(data: HeteroData) -> None:
    """Add silence, noise and, where clips have a class, the sound of a clip of another class in the same split.

    In S4 every clip has one sounding object, so that another class's sound is taken to be off screen; nobody has
    looked whether a clip shows it all the same. In MS3 the classes are not known.
    """
    audio, clip, frame = data["audio"], data["clip"], data["frame"]
    heard = len(audio.x)
    quiet = np.zeros(RATE * FRAMES, np.float32)
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(quiet), np.float32)
    made = torch.from_numpy(np.concatenate([vggish_log_mel(quiet)[:1], vggish_log_mel(noise)])).transpose(1, 2)
    audio.x = torch.cat([audio.x, made])
    audio.name += ["silence", *(f"noise {second + 1}" for second in range(FRAMES))]
    tested = (~frame.train_mask).nonzero().flatten()
    data[SILENCE].edge_index = torch.stack([torch.full_like(tested, heard), tested])
    data[NOISE].edge_index = torch.stack([heard + 1 + tested % FRAMES, tested])
    if "y" not in clip:
        return
    pairs = []
    for split in (clip.val_mask, clip.test_mask):
        rows = split.nonzero().flatten()
        for place, row in enumerate(rows.tolist()):
            # Half the split away and on: clips of a category stand together in the table.
            order = rows.roll(-(place + len(rows) // 2))
            other = order[clip.y[order] != clip.y[row]]
            if len(other):
                pairs.append((int(other[0]), row))
    index = torch.tensor(pairs, dtype=torch.int64).view(-1, 2, 1) * FRAMES + torch.arange(FRAMES)
    data[OFF_SCREEN].edge_index = index.transpose(0, 1).flatten(1)
