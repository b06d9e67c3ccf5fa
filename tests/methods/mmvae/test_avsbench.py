"""MMVAE-AVS on AVSBench's layout: seconds of sound, one mask a training clip, masks of all frames to test on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from avgraph.datasets import AVSBenchS4, SoundingShapes
from avgraph.datasets.avsbench.writing import write_avsbench
from avgraph.methods.mmvae.objective import objective
from tests.methods.mmvae.scenes import bound


@pytest.mark.slow
def test_s4_is_learned_from_one_mask_a_clip(tmp_path: Path) -> None:
    shapes = SoundingShapes(train_clips=3, val_clips=1, test_clips=1, frames=5, size=64, silence_share=0.0,
                            off_screen_share=0.0, max_objects=1, classes=4, recordings=5)  # fmt: skip
    write_avsbench(shapes.load(), tmp_path / "bench", "s4")
    data = AVSBenchS4(root=str(tmp_path / "bench"), size=64).load()
    task = bound(data, class_weight=0.0)
    clips = task.clips.of_split("train")
    batch = task.clips.batch(clips, task.heard)
    assert len(batch.sounds) == 5 * len(clips)  # a second a frame
    assert batch.labelled.view(len(clips), 5).tolist() == [[True, False, False, False, False]] * len(clips)
    scene, _ = task.scene(batch)
    terms = objective(task.network.train(), scene, batch.mask, batch.labelled, task.options)
    assert all(bool(torch.isfinite(value)) for value in terms.values())
    task.eval()
    assert 0 <= task.metrics()["test/miou"] <= 1
