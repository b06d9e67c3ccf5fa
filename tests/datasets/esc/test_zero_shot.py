"""ESC-50 zero-shot: every class unseen once, masks by class, the stand-in, the real vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from avgraph.datasets import Esc50ZeroShot
from avgraph.datasets.esc.zero_shot import class_parts
from avgraph.errors import ConfigError, DataError
from tests.datasets.esc_folder import rows, write_pictures, write_table


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if "data" not in request.keywords:
        monkeypatch.delenv("AVGRAPH_DATA", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_every_class_is_unseen_once() -> None:
    part = class_parts(50)
    assert part.bincount().tolist() == [0, 10, 10, 10, 10, 10]
    assert torch.equal(part, class_parts(50))


def test_masks_follow_the_class() -> None:
    data = Esc50ZeroShot(part=2, val_part=5, on_missing=["synthetic"]).load()
    assert data.provenance["source"] == "synthetic"
    assert data.provenance["dataset"] == "esc50_zero_shot"
    classes = {}
    for split in ("train", "val", "test"):
        of_audio, of_text = (set(data[n].y[data[n][f"{split}_mask"]].tolist()) for n in ("audio", "text"))
        assert of_audio == of_text
        classes[split] = of_audio
    assert {split: len(found) for split, found in classes.items()} == {"train": 30, "val": 10, "test": 10}
    assert not set.intersection(*classes.values())
    assert data["text"].x.shape == (50, 64)
    assert data["text"].name[0].startswith("This is a sound of ")
    assert data.node_types == ["audio", "text"]


def test_bad_options_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^Esc50ZeroShot: part: expected a number of at most 5, got 6$"):
        Esc50ZeroShot(part=6)
    with pytest.raises(ConfigError, match=r"^Esc50ZeroShot: val_part: expected another part than the test part"):
        Esc50ZeroShot(val_part=1)
    write_table(tmp_path / "esc50.csv", rows())
    write_pictures(tmp_path / "esc50_logmel_u8.npz", rows())
    np.savez(tmp_path / "v.npz", esc50=np.array(["dog"]), esc50_x=np.ones((1, 2)))
    with pytest.raises(DataError, match=r"v\.npz: no sentence vector for class 'crowing rooster' \(1 missing\)"):
        Esc50ZeroShot(root=tmp_path, text=tmp_path / "v.npz").load()
    with pytest.raises(DataError, match=r"none\.npz: no such file"):
        Esc50ZeroShot(root=tmp_path, text=tmp_path / "none.npz").load()


@pytest.mark.data
def test_real_set(data_root: Path) -> None:
    data = Esc50ZeroShot().load()
    assert data["audio"].x.shape == (2000, 128, 216)
    assert data["text"].x.shape == (50, 384)
    assert int(data["audio"].test_mask.sum()) == 400
    with np.load(data_root / "text" / "minilm_labels.npz") as bundle:
        row = bundle["esc50"].tolist().index("dog")
        vector = torch.from_numpy(bundle["esc50_x"][row].astype(np.float32))
    assert torch.equal(data["text"].x[data["text"].name.index("This is a sound of dog")], vector)
