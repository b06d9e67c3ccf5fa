"""Runs side by side: where joblib is told to work, an error names its run, a worker ends with who gave it the work."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import joblib
import pytest

from avgraph.errors import DataError
from avgraph.runs.parallel import end_with, resume_all


def test_runs_go_to_the_backend_that_joblib_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2, timeout=60)  # passed by two runs at a time
    monkeypatch.setattr("avgraph.runs.parallel.resume", lambda place: together.wait())
    places = [tmp_path / name for name in "abcd"]
    for place in places:
        place.mkdir()
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert set(resume_all(places)) == set(places)
    assert not any(tmp_path.rglob(".lock"))


def test_an_error_names_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(place: Path) -> None:
        raise DataError("the data have gone")

    monkeypatch.setattr("avgraph.runs.parallel.resume", fail)
    with pytest.raises(DataError, match=f"^{tmp_path}: the data have gone$"):
        list(resume_all([tmp_path]))


def test_a_worker_ends_when_its_parent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(os, "_exit", lambda code: ended.set())
    end_with(os.getppid() + 1)
    assert ended.wait(60)
