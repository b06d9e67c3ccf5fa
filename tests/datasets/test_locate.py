"""Where a data set is looked for, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from avgraph.datasets.locate import locate
from avgraph.errors import DataError


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
