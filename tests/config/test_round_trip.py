"""Paths are absolute, and a dumped experiment is read back as an equal one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from avgraph.config import (
    Experiment,
    RrnetOptions,
    dump_experiment,
    experiment_from_dict,
    load_experiment,
)
from avgraph.config.builtin import DATASETS, ENCODERS, METHODS, TRANSFORMS
from avgraph.datasets import Files
from avgraph.options.base import ComponentOptions
from tests.config.conftest import GOOD, SHORT

FILES = """\
dataset:
  type: files
  nodes:
    audio: {x: a.npy, y: "data/../b.npz:k/../ey"}
    label: {x: ~/c.npy, name: /abs/names.txt}
  edges: [{source: audio, relation: has, target: label, index: e.npy}]
encoders:
  audio: {type: precomputed, x: "t.parquet:col//umn"}
  label: {type: glove, path: ../glove.txt}
method: {type: rrnet}
"""
NAMES = "name: '5e-4'\nmethod: {type: rrnet, dropout: 1e-5}\ndataset: {type: esc10, root: 'no'}\n"
ADAM = SHORT + "train: {optimizer: {type: adamw, lr: 1e-3}, schedule: one_cycle, threads: 2, device: 'cuda:1'}\n"
ROOTED = FILES.replace("type: files", "type: files\n  root: data")


@pytest.mark.parametrize("text", [GOOD, SHORT, FILES, ROOTED, NAMES, ADAM])
def test_dump_and_load(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    experiment = load_experiment(tmp_path / "x.yaml")
    other = tmp_path / "elsewhere" / "config.yaml"
    other.parent.mkdir()
    other.write_text(dump_experiment(experiment), encoding="utf-8")
    assert load_experiment(other) == experiment
    assert experiment_from_dict(experiment.to_dict()) == experiment


def test_paths_start_from_the_file_that_wrote_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    folder = tmp_path / "sub"
    folder.mkdir()
    (folder / "base.yaml").write_text(FILES)
    (tmp_path / "x.yaml").write_text("extends: sub/base.yaml\nencoders: {label: {path: mine.txt}}\n")
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    experiment = load_experiment(tmp_path / "x.yaml", ["dataset.edges.0.weight=w.npy"])
    data = experiment.dataset.arguments()
    assert data["nodes"]["audio"]["x"] == f"{folder}/a.npy"
    assert data["nodes"]["audio"]["y"] == f"{folder}/b.npz:k/../ey"
    written = {key: value for key, value in data["nodes"]["label"].items() if value is not None}
    assert written == {"x": "/home/me/c.npy", "name": "/abs/names.txt"}
    assert data["edges"][0]["index"] == f"{folder}/e.npy"
    assert data["edges"][0]["weight"] == f"{tmp_path}/cwd/w.npy"
    assert data["edges"][0]["source"] == "audio"
    assert experiment.encoders["audio"].arguments()["x"] == f"{folder}/t.parquet:col//umn"
    assert experiment.encoders["label"].arguments() == {"path": f"{tmp_path}/mine.txt"}


def test_with_a_root_the_files_stay_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(ROOTED)
    data = load_experiment(tmp_path / "x.yaml").dataset.arguments()
    assert data["root"] == f"{tmp_path}/data"
    assert data["nodes"]["audio"]["x"] == "a.npy"
    assert data["edges"][0]["index"] == "e.npy"


def test_paths_of_options_made_in_python_start_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nodes = {"audio": {"x": Path("a.npy")}, "label": {"x": "b.npy"}}
    by_dict = experiment_from_dict({"dataset": {"type": "files", "nodes": nodes}, "method": {"type": "rrnet"}})
    assert by_dict.dataset.arguments()["nodes"]["audio"]["x"] == f"{tmp_path}/a.npy"
    by_class = Files(nodes={"audio": {"x": "a.npy"}, "label": {"x": "b.npy"}})  # type: ignore[dict-item]
    assert Experiment(dataset=by_class, method=RrnetOptions()) == by_dict


def test_a_changed_copy_can_be_dumped() -> None:
    experiment = experiment_from_dict({"dataset": {"type": "esc50"}, "method": {"type": "rrnet"}})
    dataset = experiment.dataset.model_copy(update={"fold": 3})
    assert "fold: 3\n" in dump_experiment(experiment.model_copy(update={"dataset": dataset}))


@pytest.mark.parametrize(
    "options",
    [*DATASETS.values(), *ENCODERS.values(), *TRANSFORMS.values(), *METHODS.values()],
)
def test_every_path_keeps_the_folder_of_its_file(options: type[ComponentOptions]) -> None:
    paths = {
        key
        for key, field in options.model_fields.items()
        if re.search("function (absolute|name_or_folder)", f"{field.annotation} {field.metadata}")
    }
    assert paths == set(options.path_keys)
