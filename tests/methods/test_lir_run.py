"""A declared LIR run: what it leaves, and that a run killed in any stage ends as an unbroken one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

import avgraph
from avgraph.export import read_graphml
from avgraph.methods.lir import LIRTask

TEXT = """\
name: small
seed: 1
dataset: {type: class_paired, sets: fsdd_digits, cooccurrence: 0.3, on_missing: [synthetic]}
method: {type: lir, hidden_channels: 16, layers: 1, teacher_epochs: 4, snapshot_epochs: [2, 6], restarts: 2}
train:
  epochs: 8
  optimizer: {type: adam, lr: 0.003}
  device: cpu
  checkpoint_every: 1
"""
STRONG = {"method.interaction_weight": 0.5}


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.delenv("AVGRAPH_DATA", raising=False)
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("avgraph.datasets.locate.user_cache_dir", lambda name: str(cache))


def experiment(folder: Path) -> Path:
    path = folder / "small.yaml"
    path.write_text(TEXT + f"output: {folder / 'runs'}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("epoch", [3, 5, 7])
def test_stopped_in_any_stage_and_resumed(epoch: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = avgraph.train(experiment(tmp_path))
    inner = LIRTask.training_step

    def stopped(self: LIRTask, batch: torch.Tensor, batch_index: int) -> torch.Tensor:
        if self.current_epoch == epoch and batch_index == 2:
            raise KeyboardInterrupt
        return inner(self, batch, batch_index)

    monkeypatch.setattr(LIRTask, "training_step", stopped)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        avgraph.train(experiment(tmp_path))
    monkeypatch.setattr(LIRTask, "training_step", inner)
    (broken,) = (path for path in tmp_path.glob("runs/small/*") if path != whole.directory)
    assert not (broken / "metrics.json").exists()
    avgraph.resume(broken)
    for name in ("metrics.json", "metrics.jsonl", "graph.graphml"):
        assert (broken / name).read_bytes() == (whole.directory / name).read_bytes()


def test_every_inserted_student_ends_as_a_run_of_its_own(tmp_path: Path) -> None:
    """Seven values of M cost one run: nothing that a branch draws, or its optimizer remembers, comes from another."""
    together = avgraph.train(
        experiment(tmp_path), {"method.insertion_epochs": [2, 6], "method.measure_every": 3, **STRONG}
    )
    keys = [key for key in together.metrics if "map_at" not in key and "map_without" not in key]
    alone = {"": {}, "_at_2": {"method.teacher_epochs": 2}, "_at_6": {"method.teacher_epochs": 6}}
    alone["_without"] = {"method.interaction_weight": 0.0}
    history = {name: [] for name in ["together", *alone]}
    for suffix, options in alone.items():
        run = avgraph.train(experiment(tmp_path), {"method.measure_every": 3, **STRONG, **options})
        assert run.metrics["test/map"] == together.metrics[f"test/map{suffix}"], suffix
        if not suffix:
            assert {key: run.metrics[key] for key in keys} == {key: together.metrics[key] for key in keys}
        history[suffix] = records(run)
    values = [together.metrics[f"test/map{suffix}"] for suffix in alone]
    assert len(set(values)) == 4  # they do differ
    for record in (together_history := records(together)):
        epoch = record["epoch"]
        assert ("test/map" in record) == (epoch in (2, 5))
        assert ("train/loss_at_6" in record) == (epoch >= 6)
        for suffix, start in (("", 0), ("_at_2", 2), ("_at_6", 6), ("_without", 4)):
            if epoch >= start:
                assert record[f"train/loss{suffix}"] == history[suffix][epoch]["train/loss"]
            if epoch >= start and "test/map" in record:
                assert record[f"test/map{suffix}"] == history[suffix][epoch]["test/map"]
    assert len(together_history) == 8


def records(run: avgraph.Run) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run.directory / "metrics.jsonl").read_text().splitlines()]


def test_run_folder_holds_the_graph_and_both_protocols(tmp_path: Path) -> None:
    run = avgraph.train(experiment(tmp_path))
    assert run.metrics["data"]["source"] == "synthetic"
    assert {"test/map", "test/running_map", "test/batch_proxy_map", "graph/edge_recall"} <= set(run.metrics)
    again = read_graphml(run.directory / "graph.graphml")
    assert {"audio", "visual", "concept"} == set(again.node_types)
    drives = run.graph["concept", "drives", "concept"]
    assert torch.equal(again["concept", "drives", "concept"].edge_index, drives.edge_index)
    assert again["concept"].name[0] == "zero (audio)"
    for name, value in avgraph.evaluate(run).items():
        assert value == run.metrics[name]
    shutil.rmtree(run.directory)
