"""Made-up clips in the shape of ESC-50, so that everything runs where there is no real data; never mistakable."""

from __future__ import annotations

import numpy as np
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.synthetic.options import FOLDS, Synthetic
from avgraph.datasets.synthetic.sounds import class_names, draw_recordings, render
from avgraph.graph.masks import check_class_coverage, fold_masks
from avgraph.graph.provenance import Provenance

CLIPS_PER_RECORDING = 2


def load_synthetic(options: Synthetic) -> HeteroData:
    """The graph of `Synthetic`."""
    rng = np.random.Generator(np.random.PCG64(options.seed))
    # Clip i of a class is in fold i mod 5; within a fold, consecutive ones share a recording.
    take = np.tile(np.arange(options.clips_per_class), options.classes)
    label = np.repeat(np.arange(options.classes), options.clips_per_class)
    fold, place = take % FOLDS, take // FOLDS
    key = np.stack([label, fold, place // CLIPS_PER_RECORDING], axis=1)
    unique, recording = np.unique(key, axis=0, return_inverse=True)
    recording = recording.reshape(-1)
    picture = render(draw_recordings(unique[:, 0], rng), recording, rng)

    data = HeteroData()
    audio, names = data["audio"], class_names(options.classes)
    audio.x = torch.from_numpy(picture)
    audio.y = torch.from_numpy(label)
    audio.fold = torch.from_numpy(fold + 1)
    audio.train_mask, audio.val_mask, audio.test_mask = fold_masks(audio.fold, options.fold, options.val_fold)
    check_class_coverage(audio.y, audio.train_mask, names, "synthetic")
    audio.source_file = [f"synthetic{index:05d}" for index in recording.tolist()]
    audio.name = [
        f"{f + 1}-{source}-{'ABCDEFGH'[p % CLIPS_PER_RECORDING]}-{y}"
        for f, source, p, y in zip(fold, audio.source_file, place, label, strict=True)
    ]
    data["label"].name = names
    data["label"].y = torch.arange(options.classes)
    data["label"].num_nodes = options.classes
    Provenance(
        dataset="synthetic",
        source="synthetic",
        settings={"fold": options.fold, "val_fold": options.val_fold, "seed": options.seed},
        note="made from random numbers; says nothing about real sounds",
        files={},
        leakage=[],
    ).write_to(data)
    return data
