from __future__ import annotations

from pathlib import Path

import pytest
from torch_geometric.data import HeteroData

from avgraph.datasets import SoundingShapes
from avgraph.datasets.avsbench import write_avsbench
from avgraph.datasets.avsbench.layout import FRAMES


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


@pytest.fixture(scope="session")
def bench_shapes() -> HeteroData:
    return SoundingShapes(
        train_clips=4, val_clips=2, test_clips=3, frames=FRAMES, size=16, classes=4, recordings=5, silence_share=0.0
    ).load()


@pytest.fixture(scope="session")
def bench(bench_shapes: HeteroData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench") / "s4"
    write_avsbench(bench_shapes, folder, "s4")
    return folder
