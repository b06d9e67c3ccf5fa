from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from avgraph.datasets import ESC10, ESC50
from avgraph.datasets.audio import log_mel_picture
from avgraph.datasets.esc import folder
from avgraph.errors import DataError
from tests.datasets.esc_folder import rows, write_audio, write_pictures, write_table
from tests.logged import Logged


@pytest.fixture
def audio_folder(tmp_path: Path) -> Path:
    write_table(tmp_path / "esc50" / "esc50.csv", rows())
    write_audio(tmp_path / "esc50" / "audio", rows())
    return tmp_path / "esc50"


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    write_table(tmp_path / "esc50" / "esc50.csv", rows())
    write_pictures(tmp_path / "esc50" / "esc50_logmel_u8.npz", rows())
    return tmp_path / "esc50"


def test_audio_folder(audio_folder: Path) -> None:
    data = ESC50(root=audio_folder, fold=4, val_fold=5).load()
    audio = data["audio"]
    assert (audio.x.shape, audio.x.dtype) == ((10, 128, 216), torch.uint8)
    assert torch.equal(audio.x[3], log_mel_picture(audio_folder / "audio" / audio_name(3)))
    assert audio.y.tolist() == [0, 1] * 5
    assert audio.fold.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert audio.test_mask.tolist() == [fold == 4 for fold in audio.fold.tolist()]
    assert audio.val_mask.tolist() == [fold == 5 for fold in audio.fold.tolist()]
    assert audio.name[0] == "1-1010-A-0"
    assert audio.source_file[:4] == ["1010", "777", "1020", "777"]
    assert data["label"].name == ["dog", "crowing rooster"]
    assert data["label"].y.tolist() == [0, 1]
    assert data["label"].num_nodes == 2
    assert data.provenance["source"] == "real"
    assert data.provenance["note"] == ""
    table = (audio_folder / "esc50.csv").read_bytes()
    assert data.provenance["files"]["esc50.csv"] == hashlib.sha256(table).hexdigest()
    assert data.provenance["leakage"] == []


def audio_name(row: int) -> str:
    return str(rows()[row]["filename"])


def test_published_layout_with_meta_folder(audio_folder: Path) -> None:
    (audio_folder / "meta").mkdir()
    (audio_folder / "esc50.csv").rename(audio_folder / "meta" / "esc50.csv")
    assert ESC50(root=audio_folder).load()["audio"].x.shape == (10, 128, 216)


def test_log_mels_are_cached_by_content(audio_folder: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ESC50(root=audio_folder).load()
    moved = audio_folder.with_name("moved")
    shutil.copytree(audio_folder, moved)  # other place, other times, same content
    with monkeypatch.context() as patch:
        patch.setattr("avgraph.datasets.logmel_cache.log_mel_picture", None)
        assert torch.equal(ESC50(root=moved).load()["audio"].x, first["audio"].x)
    (cached,) = (own_cache / "logmel").glob("*.npz")
    cached.write_bytes(b"damaged")
    assert torch.equal(ESC50(root=audio_folder).load()["audio"].x, first["audio"].x)
    shutil.copy(moved / "audio" / audio_name(0), moved / "audio" / audio_name(1))
    changed = ESC50(root=moved).load()
    assert torch.equal(changed["audio"].x[1], first["audio"].x[0])
    assert changed.provenance["files"]["audio/"] != first.provenance["files"]["audio/"]


def test_pictures_follow_the_table_not_the_order_of_the_npz(picture_folder: Path) -> None:
    data = ESC50(root=picture_folder, fold=5).load()
    assert data["audio"].x[:, 0, 0].tolist() == list(range(10))
    assert data.provenance["note"] == "log-mels of folds 1, 2, 3, 5 reconstructed from 8-bit pictures"
    assert set(data.provenance["files"]) == {"esc50.csv", "esc50_logmel_u8.npz"}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("fold", np.array([5, 5, 4, 4, 3, 3, 2, 2, 1, 2]), r"row 9 \(1-1010-A-0\): fold 2, but esc50.csv:2 says 1"),
        ("target", np.zeros(10, int), r"row 8 \(1-777-A-1\): target 0, but esc50.csv:3 says 1"),
        ("logmel", np.zeros((10, 64, 216), np.uint8), r"logmel: expected uint8 \[10, 128, 216\], got uint8 \[10, 64"),
        ("target", np.zeros(9, int), r"target: expected shape \[10\], got \[9\]"),
        ("name", np.array(list("abcdefghij")), r"esc50.csv:2: clip '1-1010-A-0' is not in esc50_logmel_u8.npz"),
        ("name", np.array([{}] * 10, dtype=object), "cannot be read"),
    ],
)
def test_npz_that_does_not_fit(picture_folder: Path, key: str, value: np.ndarray, message: str) -> None:
    write_pictures(picture_folder / "esc50_logmel_u8.npz", rows(), **{key: value})
    with pytest.raises(DataError, match=message):
        ESC50(root=picture_folder, fold=5).load()


def test_npz_with_a_clip_more_than_the_table(picture_folder: Path) -> None:
    write_table(picture_folder / "esc50.csv", rows()[:-1])
    with pytest.raises(DataError, match=r"row 0 \(5-1051-A-1\) is not in esc50.csv"):
        ESC50(root=picture_folder).load()


def test_missing_clip_names_the_row(audio_folder: Path) -> None:
    (audio_folder / "audio" / audio_name(4)).unlink()
    with pytest.raises(DataError, match=r"esc50.csv:6: clip '3-1030-A-0.wav' is not in .*audio"):
        ESC50(root=audio_folder).load()


def test_broken_clip_is_named(audio_folder: Path) -> None:
    (audio_folder / "audio" / audio_name(4)).write_bytes(b"")
    with pytest.raises(DataError, match=r"3-1030-A-0.wav: not a readable audio file"):
        ESC50(root=audio_folder).load()


def test_leakage_warns_drops_or_raises(audio_folder: Path, logged: Logged) -> None:
    warned = ESC50(root=audio_folder, fold=1, on_leakage="warn").load()
    assert "1 source file(s) of the test fold also occur in other folds (777)" in logged.text
    leak = [{"source_file": "777", "test": ["1-777-A-1"], "other": ["2-777-A-1"]}]
    assert warned.provenance["leakage"] == leak
    assert warned["audio"].train_mask[3]
    dropped = ESC50(root=audio_folder, fold=1, on_leakage="drop").load()["audio"]
    assert not dropped.train_mask[3]
    assert dropped.train_mask.sum() == warned["audio"].train_mask.sum() - 1
    with pytest.raises(DataError, match=r"\(777\); dataset.on_leakage: drop leaves their 1 clip"):
        ESC50(root=audio_folder, fold=1, on_leakage="error").load()


def test_class_that_only_the_test_fold_has(tmp_path: Path) -> None:
    table = [row for row in rows() if row["target"] == 0 or row["fold"] == 1]
    write_table(tmp_path / "esc50.csv", table)
    write_pictures(tmp_path / "esc50_logmel_u8.npz", table)
    with pytest.raises(DataError, match="no training example of class 'crowing rooster'"):
        ESC50(root=tmp_path, fold=1).load()
    write_table(tmp_path / "esc50.csv", [row for row in rows() if row["fold"] != 1])
    with pytest.raises(DataError, match=r"dataset.fold: .*esc50.csv has no clip of fold 1"):
        ESC50(root=tmp_path, fold=1).load()


def test_esc10_from_its_own_folder_and_from_a_full_esc50(tmp_path: Path) -> None:
    table = []
    for row in rows():
        target = row["target"] + 3
        filename = row["filename"].replace(f"-{row['target']}.", f"-{target}.")
        table.append(row | {"target": target, "filename": filename, "esc10": target == 4})
    table += [
        {"filename": f"{fold}-{fold}-A-7.wav", "fold": fold, "target": 7, "category": "rain", "esc10": True}
        for fold in range(1, 6)
    ]
    write_table(tmp_path / "full" / "meta" / "esc50.csv", table)
    write_audio(tmp_path / "full" / "audio", table)
    full = ESC10(root=tmp_path / "full", fold=5).load()
    assert full["label"].name == ["crowing rooster", "rain"]
    assert full["audio"].y.tolist() == [0] * 5 + [1] * 5
    write_table(tmp_path / "own" / "esc10.csv", rows())
    write_audio(tmp_path / "own" / "audio", rows())
    assert ESC10(root=tmp_path / "own", fold=5).load()["audio"].y.tolist() == [0, 1] * 5


@pytest.mark.usefixtures("no_shared_data")
def test_what_to_try_is_tried_in_order(logged: Logged) -> None:
    ESC10(on_missing=["synthetic", "download"]).load()
    assert [record.message for record in logged.records] == ["esc10: not found; using SYNTHETIC data in its place"]


@pytest.mark.usefixtures("no_shared_data")
def test_without_data_synthetic_says_so(logged: Logged) -> None:
    data = ESC10(fold=2).load()
    assert data.provenance["source"] == "synthetic"
    assert data.provenance["dataset"] == "esc10"
    assert data["audio"].x.shape == (80, 128, 216)
    assert all(name.startswith("synthetic ") for name in data["label"].name)
    assert "AVGRAPH_OFFLINE is set: skipped the download" in logged.text
    assert "SYNTHETIC" in logged.text


@pytest.mark.parametrize("on_missing", [[], ["download"]])
def test_without_data_and_substitute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_cache: Path, on_missing: list[str]
) -> None:
    monkeypatch.setenv("AVGRAPH_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        ESC50(on_missing=on_missing).load()
    text = str(caught.value)
    assert str(tmp_path / "esc50") in text
    assert str(own_cache / "esc50") in text
    assert "https://github.com/karolpiczak/ESC-50" in text
    assert "\n" not in text


@pytest.mark.usefixtures("no_shared_data")
def test_without_a_network_two_short_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logged: Logged) -> None:
    monkeypatch.setenv("AVGRAPH_OFFLINE", "")
    monkeypatch.setattr(folder, "ARCHIVE", "https://nowhere.invalid/ESC-50.zip")
    assert ESC50(on_missing=["download", "synthetic"]).load().provenance["source"] == "synthetic"
    assert [record.message for record in logged.records] == [
        "esc50: no connection to nowhere.invalid",
        "esc50: not found; using SYNTHETIC data in its place",
    ]


@pytest.mark.usefixtures("no_shared_data")
def test_a_cache_that_cannot_be_written_is_named_before_the_stand_in(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    own_cache.parent.mkdir(exist_ok=True)
    own_cache.write_text("a file where the folder should be")
    monkeypatch.setenv("AVGRAPH_OFFLINE", "")
    monkeypatch.setattr(folder, "ARCHIVE", "https://nowhere.invalid/ESC-50.zip")
    ESC50(on_missing=["download", "synthetic"]).load()
    assert logged.records[0].message == f"esc50: {own_cache}: File exists"


def test_explicit_root_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"dataset.root: .*nowhere does not exist"):
        ESC50(root=tmp_path / "nowhere").load()
    with pytest.raises(DataError, match="esc50: not found in"):
        ESC50(root=tmp_path).load()


@pytest.mark.data
def test_real_esc50(data_root: Path) -> None:
    data = ESC50(root=data_root / "esc50", fold=4).load()
    assert data["audio"].x.shape == (2000, 128, 216)
    assert torch.bincount(data["audio"].y).tolist() == [40] * 50
    assert torch.bincount(data["audio"].fold).tolist() == [0] + [400] * 5
    assert [leak["source_file"] for leak in data.provenance["leakage"]] == ["209698", "234879"]


@pytest.mark.data
def test_real_esc10_table(data_root: Path) -> None:
    from avgraph.tools.catalog import describe

    status = describe("esc10", data_root / "esc10")
    assert (status.clips, status.classes, dict(status.folds)) == (400, 10, dict.fromkeys(range(1, 6), 80))
    assert not status.leakage


def test_the_folds_are_those_that_there_are_clips_of(tmp_path: Path, no_shared_data: None) -> None:
    table = [row for row in rows() if row["fold"] <= 3]
    write_table(tmp_path / "esc50.csv", table)
    write_audio(tmp_path / "audio", table)
    assert ESC50(root=str(tmp_path)).folds() == (1, 2, 3)
    assert ESC50(root=None, on_missing=["synthetic"]).folds() == (1, 2, 3, 4, 5)
