"""AVSBench: what is written in its layout is read back, published forms are read, broken ones refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from torch_geometric.data import HeteroData

from avgraph.datasets import AVSBenchMS3, AVSBenchS4, catalog
from avgraph.datasets.avsbench import write_avsbench
from avgraph.datasets.avsbench.layout import FRAMES, Layout, read_clips
from avgraph.datasets.avsbench.vggish import BANDS, COLUMNS
from avgraph.errors import DataError
from avgraph.segmentation import HEARD, NOISE, OFF_SCREEN, SILENCE

CLASSES = {"s4": AVSBenchS4, "ms3": AVSBenchMS3}


def _kept(data: HeteroData, part: str) -> torch.Tensor:
    """The frames that are written: S4 has no clip without a sounding object."""
    keep = data["clip"].y >= 0 if part == "s4" else torch.ones(len(data["clip"].y), dtype=torch.bool)
    return keep[data["frame"].clip]


@pytest.mark.parametrize("part", ["s4", "ms3"])
@pytest.mark.parametrize("sounds", ["npz", "pkl"])
def test_what_is_written_is_read(tmp_path: Path, bench_shapes: HeteroData, part: Any, sounds: Any) -> None:
    write_avsbench(bench_shapes, tmp_path / "bench", part, sounds)
    data = CLASSES[part](tmp_path / "bench", size=16).load()
    kept, frame = _kept(bench_shapes, part), bench_shapes["frame"]
    assert torch.equal(data["frame"].x, frame.x[kept])
    assert torch.equal(data["frame"].test_mask, frame.test_mask[kept])
    first = torch.arange(len(data["frame"].x)) % FRAMES == 0
    known = ~data["frame"].train_mask | first if part == "s4" else torch.ones_like(first)
    assert torch.equal(data["frame"].labelled, known)
    assert torch.equal(data["frame"].mask[known], frame.mask[kept][known])
    assert not data["frame"].mask[~known].any()
    assert data["audio"].x.shape == (len(first) + 1 + FRAMES, BANDS, COLUMNS)
    assert torch.equal(data[HEARD].edge_index, torch.arange(len(first)).repeat(2, 1))
    assert data.provenance["source"] == "real"
    assert (OFF_SCREEN in data.edge_types) == (part == "s4")
    if part == "s4":
        clip = data["clip"]
        own = [bench_shapes["clip"].class_names[k] for k in bench_shapes["clip"].y.tolist() if k >= 0]
        assert [clip.class_names[k] for k in clip.y.tolist()] == own
        for sound, row in data[OFF_SCREEN].edge_index.T.tolist():
            assert clip.y[sound // FRAMES] != clip.y[row // FRAMES]
            assert data["frame"].test_mask[sound] == data["frame"].test_mask[row]
            assert sound % FRAMES == row % FRAMES


def test_sounds_are_those_of_their_second(tmp_path: Path, bench_shapes: HeteroData) -> None:
    layout = write_avsbench(bench_shapes, tmp_path / "bench", "ms3")
    clip = read_clips(layout)[0]
    made = np.arange(FRAMES, dtype=np.float32)[:, None, None] * np.ones((1, COLUMNS, BANDS), np.float32)
    made[:, 3, 5] = 100
    np.savez(layout.sound(clip, ".npz"), log_mel=made)
    audio = AVSBenchMS3(tmp_path / "bench", size=16).load()["audio"]
    assert audio.x[:FRAMES, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert audio.x[:FRAMES, 5, 3].tolist() == [100] * FRAMES, "bands first"


def test_published_folders_and_wav(tmp_path: Path, bench_shapes: HeteroData) -> None:
    write_avsbench(bench_shapes, tmp_path / "Single-source", "s4")
    layout = Layout("s4", tmp_path / "Single-source/s4_meta_data.csv", tmp_path / "Single-source/s4_data")
    clip = read_clips(layout)[1]
    layout.sound(clip, ".npz").unlink()
    wav = layout.sound(clip, ".wav")
    wav.parent.mkdir(parents=True)
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(3 * 44_100) / 44_100)
    soundfile.write(wav, tone, 44_100)
    data = AVSBenchS4(tmp_path, size=32).load()
    assert data["frame"].x.shape[2:] == (32, 32)
    assert set(data["frame"].mask.unique().tolist()) == {0, 1}
    own = data["audio"].x[data["audio"].name.index(f"{clip.name}_1") :][:FRAMES]
    assert torch.equal(own[3], own[2]), "a short sound repeats its last second"
    status = str(catalog.describe("avsbench_s4", tmp_path))
    assert "2 val, 3 test" in status


def test_palette_and_black_and_white_masks(tmp_path: Path, bench_shapes: HeteroData) -> None:
    layout = write_avsbench(bench_shapes, tmp_path / "bench", "ms3")
    first = read_clips(layout)[0]
    square = np.zeros((16, 16), np.uint8)
    square[4:8, 2:9] = 1
    two = square.copy()
    two[10:12] = 7  # a second object, of an index whose colour is black
    for number, image in enumerate(
        (Image.fromarray(square * 255), Image.fromarray(square * 255).convert("1"),
         Image.fromarray(square * 255).convert("RGB"), Image.fromarray(two).convert("P")), 1
    ):  # fmt: skip
        if image.mode == "P":
            image.putpalette([0, 0, 0] * 256)
        image.save(layout.mask(first, number))
    mask = AVSBenchMS3(tmp_path / "bench", size=16).load()["frame"].mask
    for row in range(3):
        assert torch.equal(mask[row], torch.from_numpy(square))
    assert torch.equal(mask[3], torch.from_numpy((two > 0).astype(np.uint8)))


def test_where_nothing_is(tmp_path: Path, bench_shapes: HeteroData) -> None:
    with pytest.raises(DataError, match=r"avsbench_ms3: not found in .*; expected ms3_meta_data.csv beside ms3_data/"):
        AVSBenchMS3(tmp_path).load()
    with pytest.raises(DataError, match=r"dataset.size: expected 16 to 512, got 8"):
        AVSBenchS4(size=8)
    with pytest.raises(DataError, match="is there already"):
        write_avsbench(bench_shapes, tmp_path, "s4")


def test_a_failed_write_leaves_nothing(
    tmp_path: Path, bench_shapes: HeteroData, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        write_avsbench(bench_shapes, tmp_path / "bench", "ms3")
    assert list(tmp_path.iterdir()) == []


def test_silence_and_noise_are_heard_on_tested_frames_only(bench: Path) -> None:
    data = AVSBenchS4(bench, size=16).load()
    tested = (~data["frame"].train_mask).nonzero().flatten()
    for kind, name in ((SILENCE, "silence"), (NOISE, "noise")):
        assert torch.equal(data[kind].edge_index[1], tested)
        assert all(data["audio"].name[row].startswith(name) for row in data[kind].edge_index[0].tolist())
    assert torch.allclose(data["audio"].x[data["audio"].name.index("silence")], torch.tensor(0.01).log())
