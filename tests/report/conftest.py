"""A run and its report, whose names are as hostile as names can be."""

from __future__ import annotations

from pathlib import Path

import pytest

import avgraph
from avgraph.report import write_report
from avgraph.runs.finished import Run
from tests.experiments import small_experiment

HOSTILE = "</script><img src=x onerror=alert(1)><!--"


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("reported")
    (folder / "names.txt").write_text("".join(f"{HOSTILE} {k}\n" for k in range(45)), encoding="utf-8")
    node = "audio: {x: audio.npy, y: audio_y.npy, split: split.npy"
    file = small_experiment(folder, **{node: f"{node}, name: names.txt", "epochs: 30": "epochs: 4"})
    (folder / "label.txt").write_text(f"cat\ndog\n{HOSTILE}\n", encoding="utf-8")
    return avgraph.train(file)


@pytest.fixture(scope="session")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report([run.directory], tmp_path_factory.mktemp("page") / "report.html")
