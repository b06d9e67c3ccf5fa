from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from avgraph.datasets import ESC50, catalog, esc
from avgraph.datasets.locate import locate
from avgraph.errors import DataError

from .esc_folder import rows, write_audio, write_table


def test_describes_what_is_there(tmp_path: Path) -> None:
    write_table(tmp_path / "meta" / "esc50.csv", rows())
    write_audio(tmp_path / "audio", rows())
    status = catalog.describe("esc50", tmp_path)
    assert (status.source, status.layout, status.clips, status.classes) == ("real", "audio", 10, 2)
    assert dict(status.folds) == dict.fromkeys(range(1, 6), 2)
    assert list(status.leakage) == [1, 2]
    assert "leakage    fold 1: recording 777 also in 2-777-A-1" in str(status)


@pytest.mark.usefixtures("no_shared_data")
def test_describes_what_is_missing(own_cache: Path) -> None:
    status = catalog.describe("esc10")
    assert status.source == "missing"
    assert status.looked == (own_cache / "esc10", own_cache / "esc50")
    assert "avgraph data fetch esc10" in str(status)


@pytest.mark.usefixtures("no_shared_data")
def test_describes_audio_visual_sets(tmp_path: Path, own_cache: Path) -> None:
    (own_cache / "fsdd").mkdir(parents=True)
    speaker = np.array(["ann", "bob", "bob", "ann"])
    np.savez(own_cache / "fsdd" / "fsdd_8khz.npz", digit=np.array([0, 1, 2, 1]), speaker=speaker)
    assert "clips      4 in 3 classes" in str(catalog.describe("fsdd"))
    assert "2 speakers" in str(catalog.describe("fsdd"))
    np.savez(
        tmp_path / "efficientnet_lite0_pca384.npz",
        y_train=np.zeros(5), y_test=np.zeros(2), classes=np.array(["cat", "dog"]),
    )  # fmt: skip
    assert "pictures   7 in 2 classes" in str(catalog.describe("cifar10", tmp_path))
    with h5py.File(tmp_path / "ave.h5", "w") as file:
        for split, n in (("train", 15), ("test", 3)):
            file[f"audio_{split}"], file[f"visual_{split}"] = np.zeros((n, 128)), np.zeros((n, 1024))
            file[f"lab_{split}"] = np.arange(n)
    status = str(catalog.describe("ave", tmp_path))
    assert f"folder     {tmp_path} (ave.h5)" in status
    assert "clips      18 in 15 classes" in status
    assert "3 of them to test on" in status
    for name in ("vegas", "cifar10", "ave"):
        assert catalog.describe(name).source == "missing"
        with pytest.raises(DataError, match=f"{name}: nothing to download"):
            catalog.fetch(name)


def test_unknown_name_and_offline_fetch() -> None:
    with pytest.raises(DataError, match="no dataset 'esc5'; did you mean 'esc50'"):
        catalog.describe("esc5")
    with pytest.raises(DataError, match="AVGRAPH_OFFLINE is set"):
        catalog.fetch("esc10")


@pytest.mark.usefixtures("no_shared_data")
def test_fetch_unpacks_into_the_cache_once(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVGRAPH_OFFLINE", raising=False)
    write_table(tmp_path / "ESC-50-abc" / "meta" / "esc50.csv", rows())
    write_audio(tmp_path / "ESC-50-abc" / "audio", rows())
    made = tmp_path / "made.zip"
    with zipfile.ZipFile(made, "w") as bundle:
        for path in sorted((tmp_path / "ESC-50-abc").rglob("*")):
            bundle.write(path, path.relative_to(tmp_path))
    checksum = "sha256:" + hashlib.sha256(made.read_bytes()).hexdigest()
    asked = []

    def copied(url: str, target: Path, expected: str) -> Path:
        asked.append((url, expected))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made.read_bytes())
        return target

    monkeypatch.setattr(esc, "download", copied)
    monkeypatch.setattr(esc, "ARCHIVE_CHECKSUM", checksum)
    assert catalog.fetch("esc50") == own_cache / "esc50"
    assert catalog.fetch("esc10") == own_cache / "esc50"
    assert asked == [(esc.ARCHIVE, checksum)]
    assert ESC50(on_missing=[]).load()["audio"].x.shape == (10, 128, 216)
    assert sorted(path.name for path in own_cache.iterdir()) == ["esc50", "logmel"]


def test_locate_order(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGRAPH_DATA", str(tmp_path))
    for folder in (tmp_path / "esc10", own_cache / "esc10"):
        folder.mkdir(parents=True)
    assert locate(["esc10"], None, lambda _: True).folder == tmp_path / "esc10"
    assert locate(["esc10"], None, lambda folder: folder == own_cache / "esc10").folder == own_cache / "esc10"
    assert locate(["esc10"], own_cache, lambda _: True).folder == own_cache
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is a file, not a folder"):
        locate(["esc10"], tmp_path / "file", lambda _: True)
