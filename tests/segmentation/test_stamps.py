"""Stamps: both layouts are read, protocols keep new what they call new, and what is missing is named."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets import Stamps
from avgraph.datasets.stamps.backgrounds import read_backgrounds
from avgraph.datasets.stamps.esc50_classes import STAMPS_OF_CLASS
from avgraph.datasets.stamps.folder import read_stamps
from avgraph.datasets.stamps.protocol import usable_pictures
from avgraph.errors import ConfigError, DataError
from avgraph.graph.segmentation import HEARD, OFF_SCREEN, SWAPPED
from avgraph.tools import catalog
from tests.logged import Logged
from tests.segmentation.folders import NAMES, NEAR, SILENT, SOUNDING, picture, write_all, write_installed, write_stamps

SMALL: dict[str, Any] = {"train_clips": 60, "val_clips": 10, "test_clips": 30, "frames": 1, "size": 16,
                         "max_objects": 2}  # fmt: skip


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_all(tmp_path_factory.mktemp("data"))


def _load(roots: dict[str, str], **options: Any) -> HeteroData:
    return Stamps(**{**SMALL, **roots, **options}).load()


def _pictures(data: HeteroData, split: str) -> set[str]:
    rows = data["clip"][f"{split}_mask"].nonzero().flatten().tolist()
    return {name for row in rows for name in data["clip"].shown[row].split(" + ")}


def _recordings(data: HeteroData, split: str) -> set[str]:
    kinds = [kind for kind in (HEARD, SWAPPED, OFF_SCREEN) if kind in data.edge_types]
    return {
        data["audio"].name[sound]
        for kind in kinds
        for sound, frame in data[kind].edge_index.T.tolist()
        if data["frame"][f"{split}_mask"][frame]
    } - {"silence"}


def test_new_recordings(roots: dict[str, str]) -> None:
    data = _load(roots, fold=3)
    assert data.provenance["source"] == "composed"
    assert "never recorded together" in data.provenance["note"]
    assert {name[0] for name in _recordings(data, "test")} == {"3"}
    assert {name[0] for name in _recordings(data, "val")} == {"4"}
    assert {name[0] for name in _recordings(data, "train")} == {"1", "2", "5"}
    assert len(_pictures(data, "test") & _pictures(data, "train")) > 15
    assert data["clip"].class_names == ["dog", "pig", "cow", "insects", "train", "engine"]
    audio = data["audio"]
    assert int((audio.y >= 0).sum()) == 60
    assert torch.equal(audio.train_mask | audio.val_mask | audio.test_mask, audio.y >= 0)


@pytest.mark.parametrize("protocol", ["new_pictures", "both"])
def test_new_pictures_were_never_shown(roots: dict[str, str], protocol: Any) -> None:
    data = _load(roots, fold=2, protocol=protocol)
    shown = {split: _pictures(data, split) for split in ("train", "val", "test")}
    assert not shown["test"] & (shown["train"] | shown["val"])
    assert not shown["val"] & shown["train"]
    assert shown["test"] & set(SILENT)
    folds = {split: {name[0] for name in _recordings(data, split)} for split in ("train", "val", "test")}
    if protocol == "both":
        assert folds == {"train": {"1", "4", "5"}, "val": {"3"}, "test": {"2"}}
    else:
        assert folds == {split: {"1", "4", "5"} for split in folds}


def test_every_cut_out_that_can_be_is_held_out_once() -> None:
    y = np.repeat(np.arange(4), [1, 2, 3, 6])
    held = np.stack([usable_pictures(y, fold)[2] for fold in range(1, 6)])
    assert (held[:, y == 0] == 0).all()
    for k in (1, 2, 3):
        assert (held[:, y == k].sum(1) == 1).all()
    assert held[:, y == 3].any(0).sum() == 5
    for fold in range(1, 6):
        usable = usable_pictures(y, fold)
        assert (usable.sum(0) == 1)[y > 0].all()
        assert usable[0, y == 0].all()


def test_own_sounds(roots: dict[str, str]) -> None:
    data = _load(roots, sounds="own", esc50_root=None, protocol="new_clips")
    assert data["clip"].class_names == list(SOUNDING)
    assert _recordings(data, "test") <= {f"sound of {name}" for name in SOUNDING}
    assert data["audio"].x[: len(SOUNDING)].flatten(1).float().std(1).min() > 1, "real log-mels"
    assert len({bytes(x.numpy()) for x in data["audio"].x[: len(SOUNDING)]}) == len(SOUNDING)


def test_own_sounds_with_stamps_held_out(roots: dict[str, str]) -> None:
    data = _load(roots, sounds="own", esc50_root=None, protocol="both", max_objects=1, fold=4)
    heard = {split: _recordings(data, split) for split in ("train", "val", "test")}
    assert not heard["test"] & heard["train"]
    assert not _pictures(data, "test") & _pictures(data, "train")
    assert heard["val"]
    assert not heard["val"] & (heard["train"] | heard["test"])


def test_silent_stamps_beside_those_of_a_class_are_left_out(roots: dict[str, str]) -> None:
    data = _load(roots, other_stamps=1.0, min_objects=2, train_clips=200)
    shown = _pictures(data, "train")
    assert set(SILENT) <= shown
    assert NEAR not in shown
    assert SWAPPED in data.edge_types
    assert data[SWAPPED].edge_index.shape[1] == 0, "no silent cut-out has a sound"


def test_backgrounds_of_the_splits_are_apart(roots: dict[str, str]) -> None:
    train, val, test = read_backgrounds(roots["cifar10_root"], 0).pictures
    assert (len(train), len(val), len(test)) == (90, 10, 20)
    assert not {int(x[0, 0, 0]) for x in train} & {int(x[0, 0, 0]) for x in val}
    data = _load(roots, max_objects=1)
    for split, low, high in (("train", 0, 99), ("test", 200, 219)):
        chosen = data["frame"][f"{split}_mask"]
        behind = data["frame"].x[chosen].amax(1)[data["frame"].objects[chosen] == 0]
        edge = data["frame"].x[chosen][:, :, 0, 0]
        assert low <= int(edge.min())
        assert int(edge.max()) <= high
        assert len(behind)


def test_the_folder_that_debian_installs_is_read(tmp_path: Path, roots: dict[str, str]) -> None:
    folder = write_installed(tmp_path / "stamps")
    found = read_stamps(folder)
    assert sorted(found.name) == sorted(NAMES), "no mirrored ones"
    assert set(found.sound) == set(SOUNDING)
    row = list(found.name).index(NAMES[3])
    alpha = found.picture[row, ..., 3]
    assert alpha.shape == (128, 128)
    assert (alpha[32:96] == picture(3)[32:96, :, 3]).all(), "kept at its size, in the middle"
    assert not alpha[:32].any()
    data = _load(roots, root=str(folder))
    assert data.provenance["source"] == "composed"
    assert "as installed" in str(catalog.describe("stamps", folder))


@pytest.mark.parametrize("write", [write_stamps, write_installed])
def test_no_picture_is_read_to_count_them(tmp_path: Path, write: Any) -> None:
    folder = write(tmp_path / "stamps")
    for path in folder.rglob("*.png"):
        path.write_bytes(b"no picture")
    if write is write_stamps:
        np.savez(folder / "pictures.npz", name=np.array(NAMES))
    status = catalog.describe("stamps", folder)
    assert status.clips == len(NAMES)
    assert f"{len(SOUNDING)} stamps have a sound of their own" in status.note


@pytest.mark.slow
@pytest.mark.usefixtures("no_shared_data")
def test_what_is_missing(tmp_path: Path, roots: dict[str, str], logged: Logged) -> None:
    data = Stamps(**SMALL).load()
    assert (data.provenance["source"], data.provenance["dataset"]) == ("synthetic", "stamps")
    assert "SYNTHETIC" in logged.text
    with pytest.raises(DataError, match=r"stamps: no stamps in .*tuxpaint-stamps-default"):
        Stamps(**SMALL, on_missing=[]).load()
    with pytest.raises(DataError, match="stamps: no stamps in"):
        Stamps(**SMALL, root=tmp_path).load()
    with pytest.raises(DataError, match="stamps: no ESC-50 to hear"):
        Stamps(**SMALL, root=roots["root"], on_missing=[]).load()
    with pytest.raises(DataError, match=r"dataset.cifar10_root: .* no images_6k.npz"):
        _load(roots, cifar10_root=str(tmp_path))
    noise = Stamps(**SMALL, root=roots["root"], esc50_root=roots["esc50_root"]).load()
    assert "noise in place of CIFAR-10" in noise.provenance["note"]


def _with_pictures(folder: Path, **arrays: np.ndarray) -> Path:
    good = {"rgba": np.stack([picture(row) for row in range(len(NAMES))]), "name": np.array(NAMES)}
    np.savez(folder / "pictures.npz", **{**good, **arrays})
    return folder


def test_broken_files_are_named(tmp_path: Path, roots: dict[str, str]) -> None:
    small = np.zeros((len(NAMES), 64, 64, 4), np.uint8)
    with pytest.raises(DataError, match=r"pictures.npz: rgba: expected uint8 \[.*got uint8 \[.*64, 64, 4\]"):
        read_stamps(_with_pictures(tmp_path, rgba=small))
    with pytest.raises(DataError, match=r"pictures.npz: name: expected every name once"):
        read_stamps(_with_pictures(tmp_path, name=np.array([NAMES[0], *NAMES[:-1]])))
    _with_pictures(tmp_path)
    (tmp_path / "stamps.csv").write_text("name,caption\na,b\n")
    with pytest.raises(DataError, match=r"stamps.csv: no column 'effect'; it has name, caption"):
        read_stamps(tmp_path)
    (tmp_path / "stamps.csv").write_text("name,effect\n" + "".join(f"{name},gone.ogg\n" for name in NAMES))
    with pytest.raises(DataError, match=r"gone.ogg: no such file"):
        _load(roots, root=str(tmp_path), sounds="own", esc50_root=None, protocol="new_clips")
    installed = write_installed(tmp_path / "installed", NAMES[:3])
    (installed / f"{NAMES[1]}.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(DataError, match=r"dingo.png: not a readable picture file"):
        read_stamps(installed)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sounds": "own"}, "protocol: expected 'both' or 'new_clips' with sounds: own"),
        ({"fold": 6}, "fold: expected a number of at most 5, got 6"),
        ({"other_stamps": -0.1}, "other_stamps: expected a number of at least 0, got -0.1"),
    ],
)
def test_options_that_do_not_fit_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Stamps(**options)


@pytest.mark.slow
@pytest.mark.data
def test_on_the_real_stamps(data_root: Path) -> None:
    data = Stamps(
        train_clips=200, val_clips=20, test_clips=200, root=data_root / "stamps", esc50_root=data_root / "esc50",
        cifar10_root=data_root / "cifar10", on_missing=[],
    ).load()  # fmt: skip
    assert len(data["clip"].class_names) == 26
    with open(data_root / "stamps" / "esc50_classes.csv", newline="", encoding="utf-8") as file:
        table = [(row["category"].replace("_", " "), row["name"]) for row in csv.DictReader(file)]
    assert table == [(k, name) for k, names in STAMPS_OF_CLASS.items() for name in names]
    assert int((data["audio"].y >= 0).sum()) <= 26 * 40
    heard = data["frame"].mask[data["frame"].test_mask].flatten(1).sum(1)
    assert float((heard >= 20).float().mean()) > 0.99, "hardly ever is what sounds all but covered"
