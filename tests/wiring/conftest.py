"""A folder of small files that all rows share, as the working directory; no network and no cache of the user's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.wiring.sandbox import write_sandbox


@pytest.fixture(scope="session")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wiring")
    write_sandbox(folder)
    return folder


@pytest.fixture(autouse=True)
def sandbox(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(_folder)
    monkeypatch.delenv("AVGRAPH_DATA", raising=False)
    monkeypatch.setenv("AVGRAPH_OFFLINE", "1")
    monkeypatch.setitem(sys.modules, "timm", None)  # as on a machine without it
    monkeypatch.setattr("avgraph.io.cache.user_cache_path", lambda name: _folder / "cache" / name)
    return _folder
