"""What every test shares: seeds, one thread pool and the real data when it is there."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest
import torch
from threadpoolctl import ThreadpoolController

from tests.forking import ForkServer, compiled_faults
from tests.logged import Logged

gc.disable()  # nothing that is made while tests are collected becomes garbage: a seventh of the time went into looking


def pytest_collection_finish() -> None:
    gc.freeze()  # nor do the libraries later
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def quick() -> Iterator[None]:
    """No test outlives a power cut, and what is installed stays as it is: every trainer and every run looks for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        patch.setattr("lightning_fabric.utilities.registry.entry_points", cache(entry_points))
        patch.setattr("avgraph.runs.environment.version", cache(version))
        patch.setattr("avgraph.runtime.settings.threadpool_limits", ThreadpoolController().limit)
        # It looks for changes of every file.
        patch.setattr("doctest._OutputRedirectingPdb.reset", lambda debugger: None)
        logging.getLogger().addHandler(logging.NullHandler())  # warnings go nowhere, rather than to standard error
        yield


@pytest.fixture
def logged() -> Iterator[Logged]:
    """What is logged meanwhile."""
    handler = Logged()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs draw none; they cost a short run more than its training does."""
    monkeypatch.setattr("avgraph.runs.finish.draw_figures", lambda *_: [])


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.default_generator.manual_seed(0)  # torch.manual_seed notes the stack for every kind of GPU: milliseconds
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(0)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder of the real data; the test is skipped, and says why, where there is none."""
    root = os.environ.get("AVGRAPH_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("real data: AVGRAPH_DATA is not set to a folder")
    return Path(root)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "fork_server" in getattr(item, "fixturenames", ()):  # a server takes seconds before its first process
            item.add_marker("slow")
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="no CUDA device on this machine")
    for item in items:
        if "gpu" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """For real processes, see forking.py; their calls of the C library can be made to fail where faults.c compiles."""
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this system")
    folder = tmp_path_factory.mktemp("processes")
    server = ForkServer(folder, preload=compiled_faults(folder))
    yield server
    server.close()
