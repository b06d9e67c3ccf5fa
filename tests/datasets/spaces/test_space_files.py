"""Spaces from files: what is mapped, held-out rows, names, scaling; options and files that are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from avgraph.config import experiment_from_dict
from avgraph.datasets import SpaceFiles
from avgraph.errors import ConfigError, DataError
from tests.spaces import write_spaces

SPACES = {"clap": {"text": "clap_text.npy", "sounds": "clap_sounds.npy"}, "clip": {"text": "clip_text.npy"}}
AUDIO: dict[str, Any] = {"x": {"clap": "clap_audio.npy"}, "y": "y.npy", "split": "val"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_spaces(tmp_path)
    return tmp_path


def test_training_rows_stay_mapped_and_held_out_rows_are_loaded(folder: Path) -> None:
    data = SpaceFiles(root=folder, spaces=SPACES, held_out={"audio": AUDIO}, names={"text": "names.txt"}).load()
    assert isinstance(data["text"].x_clap, np.memmap)
    assert not data["text"].x_clap.flags.writeable
    assert data["text"].num_nodes == 240
    assert data["text"].name[3] == "text 3"
    audio = data["audio"]
    np.testing.assert_array_equal(audio.x_clap.numpy(), np.load(folder / "clap_audio.npy"))
    assert bool(audio.val_mask.all())
    assert not bool((audio.train_mask | audio.test_mask).any())
    assert {Path(name).name for name in data.provenance["files"]} == {
        "clap_text.npy", "clap_sounds.npy", "clip_text.npy", "names.txt", "clap_audio.npy", "y.npy"
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["npz", "safetensors", "parquet", "float16"])
def test_other_formats(kind: str, folder: Path) -> None:
    x = np.load(folder / "clap_sounds.npy")
    if kind == "npz":
        np.savez(folder / "rows.npz", x=x)
    elif kind == "safetensors":
        from safetensors.numpy import save_file

        save_file({"x": x}, folder / "rows.safetensors")
    elif kind == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"x": x.tolist()}), folder / "rows.parquet")
    else:
        np.save(folder / "rows.npy", x.astype(np.float16))
    reference = "rows.npy" if kind == "float16" else f"rows.{kind}:x"
    data = SpaceFiles(root=folder, spaces={**SPACES, "clap": {**SPACES["clap"], "sounds": reference}}).load()
    np.testing.assert_allclose(np.asarray(data["sounds"].x_clap, np.float32), x, atol=1e-3)


def test_rows_are_scaled_on_request_once(folder: Path) -> None:
    x = np.load(folder / "clap_sounds.npy")
    np.save(folder / "clap_sounds.npy", x * np.linspace(1, 9, len(x), dtype=np.float32)[:, None])
    spaces = SpaceFiles(root=folder, spaces=SPACES, normalize=True)
    rows = spaces.load()["sounds"].x_clap
    assert isinstance(rows, np.memmap)
    np.testing.assert_allclose(rows, x, atol=1e-6)
    kept = sorted((folder / "cache").rglob("*.npy"))
    before = [file.stat().st_mtime_ns for file in kept]
    spaces.load()
    assert [file.stat().st_mtime_ns for file in kept] == before


def test_rows_of_another_length_are_scaled_and_named_and_unit_rows_stay_as_they_are(folder: Path) -> None:
    x, text = np.load(folder / "clap_sounds.npy"), np.load(folder / "clap_text.npy")
    np.save(folder / "clap_sounds.npy", x * np.linspace(1, 9, len(x), dtype=np.float32)[:, None])
    data = SpaceFiles(root=folder, spaces=SPACES).load()
    np.testing.assert_allclose(data["sounds"].x_clap, x, atol=1e-6)
    np.testing.assert_array_equal(data["text"].x_clap, text)
    assert data.provenance["scaled_to_length_1"] == ["clap_sounds.npy"]
    np.save(folder / "clap_sounds.npy", x)
    assert "scaled_to_length_1" not in SpaceFiles(root=folder, spaces=SPACES).load().provenance
    np.save(folder / "clap_sounds.npy", 2 * x)
    with pytest.raises(DataError, match=r"clap_sounds\.npy \(clap\.sounds\): row 0 has length 2, expected 1"):
        SpaceFiles(root=folder, spaces=SPACES, normalize=False).load()


def test_wrong_files_are_named(folder: Path) -> None:
    def told(message: str, **given: Any) -> None:
        with pytest.raises(DataError, match=message):
            SpaceFiles(root=folder, **{"spaces": SPACES, **given}).load()

    for file, message in (
        ("clap_text.npy", r"y\.npy \(held_out\.audio\.y\): expected 240 whole numbers"),
        ("clip_image.npy", r"clip_image\.npy \(held_out\.audio\): expected 12 columns"),
    ):
        told(message, held_out={"audio": {**AUDIO, "x": {"clap": file}}})
    told(r"names\.txt: expected 120 names, one per row, got 240", names={"sounds": "names.txt"})
    told(r"names\.txt \(clap\.text\): expected floating-point rows", spaces={**SPACES, "clap": {"text": "names.txt"}})
    told(r"absent\.npy: no such file", spaces={**SPACES, "clap": {"text": "absent.npy"}})
    with pytest.raises(DataError, match=r"dataset\.root: .*nowhere is not a folder"):
        SpaceFiles(root=folder / "nowhere", spaces=SPACES).load()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"spaces": {"clap": {"text": "a.npy"}}}, "expected at least two spaces to connect, got clap"),
        ({"held_out": {"text": AUDIO}}, "is a modality to train on; give the held-out rows a name"),
        ({"held_out": {"audio": {**AUDIO, "x": {"clab": "a.npy"}}}}, "no space 'clab' under spaces; did you mean"),
        ({"held_out": {"audio": {**AUDIO, "split": "train"}}}, "expected 'val' or 'test', got 'train'"),
        ({"names": {"txt": "a.txt"}}, "no modality 'txt' under spaces; did you mean 'text'?"),
        ({"spaces": {"cl-ap": {"text": "a.npy"}, "clip": {"text": "b.npy"}}}, "cl-ap"),
        ({"spaces": {"clap": {}, "clip": {"text": "b.npy"}}}, "expected at least 1 entry, got an empty mapping"),
    ],
)  # fmt: skip
def test_wrong_options_are_one_line(change: dict[str, Any], line: str) -> None:
    dataset = {"type": "spaces", "spaces": SPACES, **change}
    with pytest.raises(ConfigError) as error:
        experiment_from_dict({"dataset": dataset, "method": {"type": "cmcr"}})
    assert line in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_paths_start_from_the_folder_of_the_yaml(folder: Path) -> None:
    from avgraph.config import load_experiment
    from tests.spaces import two_spaces

    options: Any = load_experiment(two_spaces(folder)).dataset
    assert options.spaces["clap"]["text"] == str(folder / "clap_text.npy")
    assert options.held_out["audio"].y == str(folder / "y.npy")
    assert options.names["text"] == str(folder / "names.txt")


def test_held_out_rows_may_be_in_two_spaces(folder: Path) -> None:
    files = {"x": {"clap": "clap_text.npy", "clip": "clip_text.npy"}, "y": "row.npy"}
    np.save(folder / "row.npy", np.arange(240))
    data = SpaceFiles(root=folder, spaces=SPACES, held_out={"query": files}).load()
    assert data["query"].x_clip.shape == (240, 10)
    assert torch.equal(data["query"].y, torch.arange(240))
