"""A declared LIR run: what it leaves, and that a killed run ends as an unbroken one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import avgraph
from avgraph.export import read_graphml
from tests.forking import ForkServer
from tests.killing import killed_run

# Teacher to epoch 8, and a snapshot in each stage.
TEXT = """\
name: small
seed: 1
dataset:
  type: files
  nodes:
    audio: {x: audio.npy, y: y.npy, split: split.npy}
    visual: {x: visual.npy, y: y.npy, split: split.npy}
graph: []
method:
  type: lir
  hidden_channels: 16
  layers: 1
  batch_size: 30
  teacher_epochs: 8
  interaction_weight: 0.5
  restarts: 2
  snapshot_epochs: [4, 16]
train:
  epochs: 20
  optimizer: {type: adam, lr: 0.003}
  device: cpu
  threads: 1
  checkpoint_every: 3
  measure_every: 3
"""


def experiment(folder: Path) -> Path:
    """120 clips of three classes, features of noise around one mean for each."""
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    np.save(folder / "audio.npy", (np.eye(3, 6)[y] + rng.normal(0, 0.8, (120, 6))).astype(np.float32))
    np.save(folder / "visual.npy", (np.eye(3, 8)[y] + rng.normal(0, 0.8, (120, 8))).astype(np.float32))
    np.save(folder / "y.npy", y)
    np.save(folder / "split.npy", np.array(["train", "train", "test", "val"])[np.arange(120) // 3 % 4])
    path = folder / "small.yaml"
    path.write_text(TEXT + f"output: {folder / 'runs'}\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    return avgraph.train(experiment(tmp_path_factory.mktemp("whole")))


def test_it_is_judged_by_the_map_of_both_directions(whole: avgraph.Run) -> None:
    found = whole.metrics["verdict"]
    assert (found["metric"], found["value"], found["rows"]) == ("test/map", whole.metrics["test/map"], 30)
    assert found["interval"][0] < found["value"] < found["interval"][1]
    assert [mark["name"] for mark in found["baselines"]] == ["chance"]
    assert whole.metrics["checks"] == []


def records(run: avgraph.Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.directory / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("precision", ["64-true", "bf16-mixed"])
@pytest.mark.usefixtures("no_figures")
def test_trains_and_evaluates_in_other_precisions(precision: str, whole: avgraph.Run, tmp_path: Path) -> None:
    run = avgraph.train(experiment(tmp_path), {"train.precision": precision})
    again = avgraph.evaluate(run)
    assert again == {name: run.metrics[name] for name in again}
    assert run.metrics["test/map"] == pytest.approx(whole.metrics["test/map"], abs=0.1)


@pytest.mark.parametrize("epoch", [2, 8, 13, 18])
@pytest.mark.usefixtures("no_figures")
def test_killed_in_any_stage_and_resumed_is_as_unbroken(
    epoch: int, whole: avgraph.Run, tmp_path: Path, fork_server: ForkServer
) -> None:
    """kill -9 in the teacher, at its graph, and in the student before and after a snapshot."""
    directory = killed_run(fork_server, experiment(tmp_path), epoch)
    resumed = avgraph.resume(directory)
    for name in ("metrics.json", "metrics.jsonl"):
        assert (directory / name).read_bytes() == (whole.directory / name).read_bytes(), name
    assert resumed.graph.edge_types == whole.graph.edge_types
    for kind in whole.graph.edge_types:
        assert torch.equal(resumed.graph[kind].edge_index, whole.graph[kind].edge_index)
        assert torch.equal(resumed.graph[kind].edge_weight, whole.graph[kind].edge_weight)


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
def test_runs_of_several_insertion_epochs_are_one_until_their_graph_comes(whole: avgraph.Run, tmp_path: Path) -> None:
    """What the curves of Fig. 4 need: runs that differ in M alone, and one without a graph."""
    others = {4: {"method.teacher_epochs": 4}, 14: {"method.teacher_epochs": 14}, 20: {"method.interaction_weight": 0}}
    found = {8: records(whole)} | {
        start: records(avgraph.train(experiment(tmp_path), options)) for start, options in others.items()
    }
    assert [("val/map" in record) for record in found[8]] == [epoch % 3 == 2 for epoch in range(20)]
    assert not any(name.startswith("test/") for record in found[8] for name in record)
    for start, lines in found.items():
        assert lines[: min(start, 14)] == found[20][: min(start, 14)]
        assert start == 20 or lines[-1]["train/loss"] != found[20][-1]["train/loss"]


def test_run_folder_holds_graph_figures_and_both_protocols(whole: avgraph.Run) -> None:
    assert {"test/map", "test/running_map", "test/batch_proxy_map"} <= set(whole.metrics)
    figures = {path.name for path in (whole.directory / "figures").iterdir()}
    assert figures == {"frequency.png", "subgraphs.png", "curves.png", "retrieval.png"}
    again = read_graphml(whole.directory / "graph.graphml")
    assert {"audio", "visual", "concept"} == set(again.node_types)
    for relation in ("drives", "drove"):
        edges = whole.graph["concept", relation, "concept"]
        assert torch.equal(again["concept", relation, "concept"].edge_index, edges.edge_index)
    assert again["concept"].snapshot_epochs == [4, 16]
    assert again["concept"].insertion_epoch == 8
    assert again["concept"].name[0] == "class 0 (audio)"
    for name, value in avgraph.evaluate(whole).items():
        assert value == whole.metrics[name]


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
def test_co_occurrence_is_scored_and_made_up_data_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVGRAPH_DATA", raising=False)
    monkeypatch.setattr("avgraph.io.cache.user_cache_path", lambda name: tmp_path)
    path = experiment(tmp_path)
    dataset = {"type": "class_paired", "sets": "fsdd_digits", "cooccurrence": 0.3, "on_missing": ["synthetic"]}
    options = {"method.snapshot_epochs": [], "method.teacher_epochs": 1, "train.measure_every": 0}
    run = avgraph.train(path, {"dataset": dataset, "train.epochs": 2, **options})
    assert run.metrics["data"]["source"] == "synthetic"
    assert {"graph/edge_recall", "graph/edge_chance"} <= set(run.metrics)
    assert run.metrics["test/content_map"] != run.metrics["test/map"]
    assert run.graph["visual"].picture.shape == (1797, 8, 8)
