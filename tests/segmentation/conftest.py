from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh user cache, no network, and no stamps that this machine may have installed."""
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("avgraph.cache.user_cache_path", lambda name: cache / name)
    monkeypatch.setattr("avgraph.datasets.stamps.folder.INSTALLED", cache / "nothing")
    monkeypatch.setenv("AVGRAPH_OFFLINE", "1")
    return cache / "avgraph"


@pytest.fixture
def no_shared_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVGRAPH_DATA", raising=False)
