"""What LIR, m-LTM and C-MCR would reach without having learned anything, and that a run says when it has not."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import HeteroData

import avgraph
from avgraph.methods.cmcr import CmcrOptions, CMCRTask
from avgraph.methods.lir import LirOptions, LIRTask
from avgraph.methods.mltm import MltmOptions, MLTMTask, Objective
from avgraph.methods.task import Task
from avgraph.metrics import chance_average_precision
from avgraph.options.train import TrainOptions
from tests.methods.test_mltm import experiment
from tests.spaces import two_spaces

Y = torch.arange(24) % 4
MASKS = {f"{split}_mask": torch.arange(24) // 8 == part for part, split in enumerate(("train", "val", "test"))}


def bound(method: str) -> Task:
    audio, other = torch.randn(24, 5), torch.randn(24, 6)
    task: Task
    if method == "lir":
        task = LIRTask(LirOptions(hidden_channels=8))
        data = HeteroData(audio={"x": audio, "y": Y, **MASKS}, visual={"x": other, "y": Y, **MASKS})
    elif method == "mltm":
        task = MLTMTask(MltmOptions(hidden_channels=8, shared_channels=4))
        data = HeteroData(audio={"x": audio, "y": Y, **MASKS}, text={"x": other[:4], "y": torch.arange(4)})
    else:
        task = CMCRTask(CmcrOptions(hidden_channels=8, channels=4))
        held = {f"{split}_mask": MASKS[f"{split}_mask"] for split in ("val", "test")}
        data = HeteroData(text={"x_a": audio, "x_b": other}, sound={"x_a": audio}, picture={"x_b": other})
        data["heard"].x_a, data["seen"].x_b = audio, other
        for node in ("heard", "seen"):
            data[node].update({"y": Y, **held})
    task.bind(data, TrainOptions(), 0)
    return task.eval()


@pytest.mark.parametrize(("method", "names"), [("lir", 4), ("mltm", 6), ("cmcr", 4)])
def test_chance_goes_by_the_names_of_the_metrics(method: str, names: int) -> None:
    task = bound(method)
    trivial = task.trivial()
    assert trivial is not None
    assert len(trivial.metrics) == names
    assert set(trivial.metrics) <= set(task.metrics())
    assert trivial.prediction == "chance"


def test_chance_is_that_of_the_labels_of_each_split() -> None:
    eight_of_four = chance_average_precision(Y[:8], Y[:8])
    for method in ("lir", "cmcr"):
        trivial = bound(method).trivial()
        assert trivial is not None
        assert set(trivial.metrics.values()) == {eight_of_four}


@pytest.mark.parametrize("name", ["mltm", "info_nce", "info_nce_entropy"])
def test_the_loss_of_equal_rows(name: Any) -> None:
    same = torch.nn.functional.normalize(torch.ones(6, 4) + 1e-4 * torch.randn(6, 4))
    objective = Objective(MltmOptions(loss=name, epsilon=1e4))  # no cost can tell rows apart
    expected = objective.of_equal_rows([6])
    assert expected == pytest.approx(float(objective(same, same, torch.eye(4))[0]), rel=1e-3)
    mean = objective.of_equal_rows([6, 2])
    assert mean == pytest.approx(expected * (6 * math.log(6) + 2 * math.log(2)) / 8 / math.log(6))


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
def test_a_run_that_learned_nothing_says_so_and_one_that_did_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for declared in (two_spaces(tmp_path), experiment(tmp_path)):
        metrics = avgraph.train(declared).metrics
        assert metrics["checks"] == []
        found = metrics["verdict"]
        assert found["metric"].startswith("test/")
        assert found["baselines"][0]["name"] == "chance"
        assert found["baselines"][0]["value"] < found["interval"][0] <= found["value"] <= found["interval"][1]
    idle = avgraph.train(experiment(tmp_path, ("lr: 0.03", "lr: 1.0e-12"))).metrics["checks"]
    assert "loss_at_constant" in {check["name"] for check in idle}
