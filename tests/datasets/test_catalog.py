from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

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


def test_unknown_name_and_offline_fetch() -> None:
    with pytest.raises(DataError, match="no dataset 'esc5'; did you mean 'esc50'"):
        catalog.describe("esc5")
    with pytest.raises(DataError, match="AVGRAPH_OFFLINE is set"):
        catalog.fetch("esc10")


@pytest.mark.usefixtures("no_shared_data")
def test_fetch_unpacks_into_the_cache_once(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
