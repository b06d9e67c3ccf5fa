"""AVSBench: what is written in its layout is read back, published forms are read, broken ones refused by name."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from torch_geometric.data import HeteroData

from avgraph.datasets import AVSBenchMS3, AVSBenchS4, SoundingShapes, catalog
from avgraph.datasets.avsbench import write_avsbench
from avgraph.datasets.avsbench.layout import FRAMES, BenchClip, Layout, read_clips
from avgraph.datasets.avsbench.vggish import BANDS, COLUMNS, RATE, vggish_log_mel
from avgraph.errors import DataError
from avgraph.segmentation import HEARD, NOISE, OFF_SCREEN, SILENCE

CLASSES = {"s4": AVSBenchS4, "ms3": AVSBenchMS3}


@pytest.fixture(scope="module")
def shapes() -> HeteroData:
    return SoundingShapes(
        train_clips=4, val_clips=2, test_clips=3, frames=FRAMES, size=16, classes=4, recordings=5, silence_share=0.0
    ).load()


def _kept(data: HeteroData, part: str) -> torch.Tensor:
    """The frames that are written: S4 has no clip without a sounding object."""
    keep = data["clip"].y >= 0 if part == "s4" else torch.ones(len(data["clip"].y), dtype=torch.bool)
    return keep[data["frame"].clip]


@pytest.mark.parametrize("part", ["s4", "ms3"])
@pytest.mark.parametrize("sounds", ["npz", "pkl"])
def test_what_is_written_is_read(tmp_path: Path, shapes: HeteroData, part: Any, sounds: Any) -> None:
    write_avsbench(shapes, tmp_path / "bench", part, sounds)
    data = CLASSES[part](tmp_path / "bench", size=16).load()
    kept, frame = _kept(shapes, part), shapes["frame"]
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
        own = [shapes["clip"].class_names[k] for k in shapes["clip"].y.tolist() if k >= 0]
        assert [clip.class_names[k] for k in clip.y.tolist()] == own
        for sound, row in data[OFF_SCREEN].edge_index.T.tolist():
            assert clip.y[sound // FRAMES] != clip.y[row // FRAMES]
            assert data["frame"].test_mask[sound] == data["frame"].test_mask[row]
            assert sound % FRAMES == row % FRAMES


def test_sounds_are_those_of_their_second(tmp_path: Path, shapes: HeteroData) -> None:
    layout = write_avsbench(shapes, tmp_path / "bench", "ms3")
    clip = read_clips(layout)[0]
    made = np.arange(FRAMES, dtype=np.float32)[:, None, None] * np.ones((1, COLUMNS, BANDS), np.float32)
    made[:, 3, 5] = 100
    np.savez(layout.sound(clip, ".npz"), log_mel=made)
    audio = AVSBenchMS3(tmp_path / "bench", size=16).load()["audio"]
    assert audio.x[:FRAMES, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert audio.x[:FRAMES, 5, 3].tolist() == [100] * FRAMES, "bands first"


def test_published_folders_and_wav(tmp_path: Path, shapes: HeteroData) -> None:
    write_avsbench(shapes, tmp_path / "Single-source", "s4")
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


def test_palette_and_black_and_white_masks(tmp_path: Path, shapes: HeteroData) -> None:
    layout = write_avsbench(shapes, tmp_path / "bench", "ms3")
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


def _pickled(layout: Layout, clip: BenchClip) -> None:
    layout.sound(clip, ".npz").unlink()
    layout.sound(clip, ".pkl").write_bytes(pickle.dumps(torch.zeros(5, 1, 96, 64)))


def _with_code(layout: Layout, clip: BenchClip) -> None:
    layout.sound(clip, ".npz").unlink()
    torch.save(Path("/"), layout.sound(clip, ".pkl"))


def _sound(value: Any) -> Callable[[Layout, BenchClip], None]:
    return lambda layout, clip: np.savez(layout.sound(clip, ".npz"), log_mel=value)


def _table(text: str) -> Callable[[Layout, BenchClip], None]:
    def write(layout: Layout, clip: BenchClip) -> None:
        layout.table.write_text(text.replace("NAME", clip.name).replace("KIND", str(clip.category)))

    return write


BROKEN: dict[str, tuple[Callable[[Layout, BenchClip], Any], str]] = {
    "frame": (lambda layout, clip: layout.frame(clip, 3).unlink(), r"_3.png: no such file"),
    "mask": (lambda layout, clip: layout.mask(clip, 1).unlink(), r"gt_masks/.*_1.png: no such file"),
    "no picture": (lambda layout, clip: layout.frame(clip, 2).write_text("x"), r"_2.png: not a readable picture"),
    "no sound": (lambda layout, clip: layout.sound(clip, ".npz").unlink(), r"pkl: no such file, nor .*npz .*nor .*wav"),
    "a pickle": (_pickled, r"pkl: a pickle that could run code is not read; put .*npz \(key 'log_mel', .*or .*wav"),
    "an archive with code": (_with_code, r"pkl: a pickle that could run code is not read; put .*npz"),
    "seconds": (_sound(np.zeros((4, 1, 96, 64))), r"npz: expected floating point \[5, 1, 96, 64\], got .*\[4, 1"),
    "whole numbers": (_sound(np.zeros((5, 1, 96, 64), int)), r"npz: expected floating point .* got torch.int64"),
    "not finite": (_sound(np.full((5, 1, 96, 64), np.inf)), "npz: holds NaN or infinite values"),
    "no split": (_table("name,category\nNAME,KIND\n"), "csv: no column 'split' after the first; it has name, category"),
    "no category": (_table("name,split\nNAME,train\n"), "csv: no column 'category' after the first"),
    "split": (_table("name,split,category\nNAME,dev,KIND\n"), "csv: line 2: split: .* got 'dev'"),
    "columns": (_table("name,split,category\nNAME,train\n"), "csv: line 2: expected 3 columns, got 2"),
    "twice": (_table("name,split,category\nNAME,train,KIND\nNAME,train,KIND\n"), "csv: clip .* is listed twice"),
    "elsewhere": (
        _table("name,split,category\n../NAME,train,KIND\n"),
        r"csv: line 2: expected a plain name, got '\.\./",
    ),
    "no training": (_table("name,split,category\n"), "csv: expected training clips, got none"),
}


@pytest.fixture(scope="module")
def template(shapes: HeteroData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "s4"
    write_avsbench(shapes, folder, "s4")
    return folder


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(tmp_path: Path, template: Path, name: str) -> None:
    spoil, message = BROKEN[name]
    folder = tmp_path / "bench"
    shutil.copytree(template, folder)
    layout = Layout("s4", folder / "s4_meta_data.csv", folder / "s4_data")
    spoil(layout, next(clip for clip in read_clips(layout) if clip.split == "train"))
    with pytest.raises(DataError, match=message):
        AVSBenchS4(folder, size=16).load()


def test_where_nothing_is(tmp_path: Path, shapes: HeteroData) -> None:
    with pytest.raises(DataError, match=r"avsbench_ms3: not found in .*; expected ms3_meta_data.csv beside ms3_data/"):
        AVSBenchMS3(tmp_path).load()
    with pytest.raises(DataError, match=r"dataset.size: expected 16 to 512, got 8"):
        AVSBenchS4(size=8)
    with pytest.raises(DataError, match="is there already"):
        write_avsbench(shapes, tmp_path, "s4")


def test_a_failed_write_leaves_nothing(tmp_path: Path, shapes: HeteroData, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        write_avsbench(shapes, tmp_path / "bench", "ms3")
    assert list(tmp_path.iterdir()) == []


def test_vggish_against_its_definition() -> None:
    rng = np.random.default_rng(0)
    wave = rng.standard_normal(RATE)
    found = vggish_log_mel(wave)
    assert found.shape == (1, 96, 64)
    column = 40
    piece = wave[column * 160 : column * 160 + 400] * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400))
    power = [abs(sum(piece * np.exp(-2j * np.pi * k * np.arange(400) / 512))) for k in range(257)]

    def mel(hz: float) -> float:
        return float(1127 * np.log(1 + hz / 700))

    edge = np.linspace(mel(125), mel(7500), 66)
    for band in (0, 10, 63):
        total = 0.0
        for k in range(1, 257):
            at = mel(k * RATE / 512)
            total += power[k] * max(0.0, min((at - edge[band]) / (edge[band + 1] - edge[band]),
                                             (edge[band + 2] - at) / (edge[band + 2] - edge[band + 1])))  # fmt: skip
        assert found[0, column, band] == pytest.approx(np.log(total + 0.01), abs=1e-4)
    assert vggish_log_mel(np.zeros(100)).shape == (0, 96, 64)


def test_silence_and_noise_are_heard_on_tested_frames_only(template: Path) -> None:
    data = AVSBenchS4(template, size=16).load()
    tested = (~data["frame"].train_mask).nonzero().flatten()
    for kind, name in ((SILENCE, "silence"), (NOISE, "noise")):
        assert torch.equal(data[kind].edge_index[1], tested)
        assert all(data["audio"].name[row].startswith(name) for row in data[kind].edge_index[0].tolist())
    assert torch.allclose(data["audio"].x[data["audio"].name.index("silence")], torch.tensor(0.01).log())
