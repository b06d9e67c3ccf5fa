"""Stamps with spoken and written captions: read as they are laid out, folds by caption, errors that name the place."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from avgraph.datasets import StampCaptions
from avgraph.datasets.stamps.captions import small
from avgraph.errors import ConfigError, DataError
from tests.datasets.spoken_stamps import write_spoken_stamps
from tests.logged import Logged


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_spoken_stamps(tmp_path / "stamps", 8)


def test_nodes_belong_to_captions_and_categories(folder: Path) -> None:
    data = StampCaptions(root=folder, fold=2, val_fold=3).load()
    assert data["text"].name == [f"A {k}." for k in range(8)]
    assert data["label"].name == ["even", "odd"]
    assert (data["audio"].y.tolist(), data["image"].y.tolist()) == ([*range(1, 8)], [*range(8)])
    assert data["image"].category.tolist() == [1, 0] * 4
    assert data["audio"].name[0] == "kind/1"
    for split in ("train", "val", "test"):
        mask = data["text"][f"{split}_mask"]
        assert torch.equal(data["audio"][f"{split}_mask"], mask[data["audio"].y])
        assert mask.any()
    told = data.provenance
    assert (told["source"], told["fold"], told["spoken"]) == ("real", 2, "fr")
    assert sorted(Path(name).name for name in told["files"]) == ["pictures.npz", "speech_fr.ogg", "stamps.csv"]


def test_every_caption_is_tested_in_one_fold(folder: Path) -> None:
    masks = [StampCaptions(root=folder, fold=fold, holds=["image"]).load()["text"].test_mask for fold in range(1, 6)]
    assert torch.stack(masks).sum(0).tolist() == [1] * 8


def test_pictures_are_means_over_areas_weighted_by_what_is_seen() -> None:
    picture = np.zeros((1, 4, 4, 4), np.uint8)
    picture[0, :2, :2] = [255, 0, 0, 255]
    picture[0, 2:, 2:] = [0, 255, 0, 0]  # green, but seen through
    red, green, blue, alpha = small(picture, 2).view(4, 2, 2)
    assert torch.equal(red, torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    assert not green.any()
    assert not blue.any()
    assert torch.equal(alpha, red)


def test_what_is_wrong_with_a_folder_is_told(folder: Path) -> None:
    table = (folder / "stamps.csv").read_text()
    for old, new, told in (
        ("kind/3", "kind/9", r"stamps\.csv: name: expected the names of pictures\.npz, in their order"),
        ("speech_fr_end", "speech_end", r"stamps\.csv: no column 'speech_fr_end'; it has name, category"),
        (
            ",24000,28000,",
            ",24000,99000,",
            r"expected parts within its 32000 samples, got 24000 to 99000",
        ),
        (",24000,28000,", ",x,28000,", r"stamps\.csv: speech_fr_start, speech_fr_end: expected numbers of samples"),
    ):
        assert re.search(old, table), table
        (folder / "stamps.csv").write_text(table.replace(old, new, 1))
        with pytest.raises(DataError, match=told):
            StampCaptions(root=folder).load()
    (folder / "stamps.csv").write_text(table)
    (folder / "speech_fr.ogg").unlink()
    with pytest.raises(DataError, match=r"speech_fr\.ogg: no such file"):
        StampCaptions(root=folder).load()
    assert StampCaptions(root=folder, holds=["image"]).load().node_types == ["image", "text", "label"]
    (folder / "pictures.npz").unlink()
    with pytest.raises(DataError, match=r"stamp_captions: no pictures\.npz and stamps\.csv in"):
        StampCaptions(root=folder).load()
    with pytest.raises(ConfigError, match=r"spoken: no recordings are held \(holds\)"):
        StampCaptions(holds=["image"], spoken="es")


@pytest.mark.usefixtures("no_shared_data", "own_cache")
def test_a_stand_in_is_named(logged: Logged) -> None:
    data = StampCaptions().load()
    assert data.provenance["source"] == "synthetic"
    assert "using SYNTHETIC words and pictures" in logged.text
    assert len(data["label"].name) == 12
    with pytest.raises(DataError, match="stamp_captions: no pictures"):
        StampCaptions(on_missing=[]).load()
