from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from avgraph.config.builtin import DATASETS
from avgraph.datasets import ESC50
from avgraph.datasets.esc import folder as esc
from avgraph.errors import DataError
from avgraph.tools import catalog
from tests.datasets.caption_folder import audiocaps_folder, caption_rows
from tests.datasets.esc_folder import rows, write_audio, write_table


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
def test_describes_the_sets_that_are_paired(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = catalog.describe("class_paired")
    assert (nothing.source, nothing.note) == ("missing", "needs esc50 and cifar10, or fsdd")
    (own_cache / "fsdd").mkdir(parents=True)
    speaker = np.array(["ann", "bob", "bob", "ann"])
    np.savez(own_cache / "fsdd" / "fsdd_8khz.npz", digit=np.array([0, 1, 2, 1]), speaker=speaker)
    status = catalog.describe("class_paired")
    assert status.source == "real"
    assert "    clips      4 in 3 classes" in str(status)
    assert "2 speakers" in str(status)
    (tmp_path / "cifar10").mkdir()
    np.savez(
        tmp_path / "cifar10" / "efficientnet_lite0_pca384.npz",
        y_train=np.zeros(5), y_test=np.zeros(2), classes=np.array(["cat", "dog"]),
    )  # fmt: skip
    sounds, pictures, spoken = catalog.describe("class_paired", tmp_path).parts
    assert (sounds.source, sounds.looked) == ("missing", (tmp_path / "esc50",))
    assert (spoken.source, spoken.looked) == ("missing", (tmp_path / "fsdd",))
    assert "pictures   7 in 2 classes" in str(pictures)
    monkeypatch.setenv("AVGRAPH_DATA", str(own_cache))  # whoever names a root is told of that root alone
    write_table(own_cache / "esc50" / "esc50.csv", rows())
    write_audio(own_cache / "esc50" / "audio", rows())
    assert catalog.describe("class_paired", tmp_path).parts[0].source == "missing"
    spaces = catalog.describe("esc50_cifar10_spaces", tmp_path)
    assert (spaces.source, spaces.note) == ("missing", "lacks esc50, text")
    with pytest.raises(DataError, match="fsdd: a part of class_paired; `avgraph data show class_paired`"):
        catalog.describe("fsdd")


@pytest.mark.usefixtures("no_shared_data")
def test_describes_feature_files(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "ave.h5", "w") as file:
        for split, n in (("train", 15), ("test", 3)):
            file[f"lab_{split}"] = np.arange(n)
    status = str(catalog.describe("ave", tmp_path))
    assert f"folder     {tmp_path} (ave.h5)" in status
    assert "clips      18 in 15 classes" in status
    assert "3 of them to test on" in status
    for name in ("vegas", "ave"):
        assert catalog.describe(name).source == "missing"


@pytest.mark.usefixtures("no_shared_data")
def test_describes_captioned_sets(tmp_path: Path, own_cache: Path) -> None:
    status = catalog.describe("audiocaps")
    assert (status.source, status.looked) == ("missing", (own_cache / "audiocaps",))
    assert "https://audiocaps.github.io" in status.note
    root = audiocaps_folder(tmp_path / "audiocaps")
    status = catalog.describe("audiocaps", root)
    assert (status.source, status.unit, status.clips) == ("real", "recordings", 20)
    (root / "train" / caption_rows("audiocaps", "train")[1][0]).unlink()
    assert catalog.describe("audiocaps", root).note == "train: 11 (1 missing), val: 4 (0 missing), test: 4 (0 missing)"
    (root / "audiocaps_val.csv").unlink()
    lacking = str(catalog.describe("audiocaps", root))
    assert "audiocaps: not found" in lacking
    assert f"looked in  {root}" in lacking
    assert "no audiocaps_val.csv or val.csv in" in lacking


@pytest.mark.usefixtures("no_shared_data")
@pytest.mark.parametrize("name", DATASETS)
def test_every_built_in_data_set_says_what_it_is_and_what_it_lacks(name: str) -> None:
    status = catalog.describe(name)
    assert status.name == name
    assert status.what.endswith((".", ":"))
    assert status.source in ("missing", "synthetic", "yours")
    assert status.note
    assert status.source != "missing" or status.looked or all(part.looked for part in status.parts)
    with pytest.raises(DataError, match=r"nothing to download|AVGRAPH_OFFLINE is set"):
        catalog.fetch(name)


@pytest.mark.usefixtures("no_shared_data")
def test_a_broken_set_does_not_hide_the_others(own_cache: Path) -> None:
    (own_cache / "ave").mkdir(parents=True)
    (own_cache / "ave" / "ave.h5").write_bytes(b"junk")
    found = {status.name: status for status in catalog.described()}
    assert list(found) == list(DATASETS)
    assert "neither HDF5 nor MATLAB" in found["ave"].note


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
