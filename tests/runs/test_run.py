"""Runs: what the folder holds, the seed, evaluate, and a run that was killed ends as an unbroken one."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from torch_geometric.data import HeteroData

import avgraph
from avgraph.errors import DataError
from avgraph.export import read_graphml
from avgraph.runs.callbacks import History
from avgraph.runs.folder import CHECKPOINT
from avgraph.runs.training import load_checkpoint
from tests.experiments import small_experiment
from tests.forking import ForkServer
from tests.killing import killed_run

CANDIDATE = ("audio", "candidate", "label")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    return avgraph.train(small_experiment(tmp_path_factory.mktemp("whole")))


def test_run_folder_holds_everything(run: avgraph.Run) -> None:
    names = {path.name for path in run.directory.iterdir()}
    expected = {"config.yaml", "environment.json", "metrics.jsonl", "metrics.json", "checkpoints", "graph.pt"}
    assert names == expected | {"graph.graphml", "metrics.csv"}
    history = [json.loads(line) for line in (run.directory / "metrics.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in history] == list(range(30))
    assert history[-1]["train/loss"] < history[0]["train/loss"]
    environment = json.loads((run.directory / "environment.json").read_text())
    assert environment["seed"] == 3
    assert environment["packages"]["torch"] == torch.__version__
    checksums = {Path(name).name: value for name, value in environment["data"]["files"].items()}
    assert set(checksums) == {"audio.npy", "audio_y.npy", "split.npy", "label.npy", "label.txt"}
    assert all(len(value) == 64 for value in checksums.values())


def test_metrics_and_graph(run: avgraph.Run) -> None:
    assert run.metrics["test/accuracy"] > 0.7
    assert run.metrics["data"]["source"] == "real"
    assert isinstance(run.graph, HeteroData)
    probability = run.graph[CANDIDATE].probability
    assert probability.shape == (45 * 3,)
    again = read_graphml(run.directory / "graph.graphml")
    assert torch.equal(again[CANDIDATE].probability, probability)
    assert again["label"].name == ["cat", "dog", "bird"]


def test_evaluate_and_load_give_the_same_numbers(run: avgraph.Run) -> None:
    loaded = avgraph.load_run(run.directory)
    assert loaded.metrics == json.loads(json.dumps(run.metrics))
    assert loaded.experiment == run.experiment
    for name, value in avgraph.evaluate(loaded).items():
        assert value == run.metrics[name]


def test_same_seed_same_numbers_another_seed_others(run: avgraph.Run, tmp_path: Path) -> None:
    path = small_experiment(tmp_path)
    again = avgraph.train(path)
    assert torch.equal(again.graph[CANDIDATE].probability, run.graph[CANDIDATE].probability)
    other = avgraph.train(path, {"seed": 4})
    assert not torch.equal(other.graph[CANDIDATE].probability, run.graph[CANDIDATE].probability)
    assert other.directory != again.directory


@pytest.mark.parametrize("epoch", [1, 4, 17, 29])
def test_killed_and_resumed_is_as_unbroken(
    epoch: int, run: avgraph.Run, tmp_path: Path, fork_server: ForkServer
) -> None:
    """kill -9 when metrics.jsonl has reached some epoch, wherever in its work the process then is."""
    directory = killed_run(fork_server, small_experiment(tmp_path), epoch)
    with pytest.raises(DataError, match="has not finished"):
        avgraph.load_run(directory)
    avgraph.resume(directory)
    assert (directory / "metrics.json").read_bytes() == (run.directory / "metrics.json").read_bytes()
    assert (directory / "metrics.jsonl").read_bytes() == (run.directory / "metrics.jsonl").read_bytes()
    assert torch.equal(avgraph.load_run(directory).graph[CANDIDATE].probability, run.graph[CANDIDATE].probability)
    assert not list(directory.rglob(".*"))


def test_resume_of_a_finished_run_only_loads_it(run: avgraph.Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.directory.rglob("*")}
    assert avgraph.resume(run.directory).metrics == avgraph.load_run(run.directory).metrics
    assert before == {path: path.stat().st_mtime_ns for path in run.directory.rglob("*")}


def test_what_is_not_a_run_is_named(tmp_path: Path, run: avgraph.Run) -> None:
    with pytest.raises(DataError, match="not the folder of a run"):
        avgraph.load_run(tmp_path)
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "config.yaml").write_bytes((run.directory / "config.yaml").read_bytes())
    (damaged / "graph.pt").write_bytes(b"\x80junk")
    with pytest.raises(DataError, match=r"graph\.pt: not a saved graph"):
        avgraph.evaluate(damaged)


def test_a_device_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'cuda:99' is not on this machine"):
        avgraph.train(small_experiment(tmp_path), {"train.device": "cuda:99"})
    assert not (tmp_path / "runs").exists()


@pytest.mark.gpu
def test_trains_on_cuda(run: avgraph.Run, tmp_path: Path) -> None:
    on_gpu = avgraph.train(small_experiment(tmp_path), {"train.device": "cuda", "method.dropout": 0.0})
    assert on_gpu.metrics["test/accuracy"] > 0.7
    assert avgraph.evaluate(on_gpu, device="cpu")["test/accuracy"] == pytest.approx(on_gpu.metrics["test/accuracy"])


@pytest.mark.parametrize("precision", ["64-true", "bf16-mixed"])
def test_evaluate_repeats_other_precisions(precision: str, tmp_path: Path) -> None:
    found = avgraph.train(small_experiment(tmp_path), {"train.precision": precision, "train.epochs": 5})
    again = avgraph.evaluate(found)
    assert again == {name: found.metrics[name] for name in again}


def test_what_a_killed_checkpoint_left_is_removed(run: avgraph.Run, tmp_path: Path, fork_server: ForkServer) -> None:
    directory = killed_run(fork_server, small_experiment(tmp_path), 4)
    (directory / "checkpoints").mkdir(exist_ok=True)
    (directory / "checkpoints" / ".last-7qro_2v_.ckpt").write_bytes(b"half")
    avgraph.resume(directory)
    assert not list(directory.rglob(".*"))


def test_resume_with_other_data_is_refused(tmp_path: Path, fork_server: ForkServer) -> None:
    directory = killed_run(fork_server, small_experiment(tmp_path), 8)
    np.save(tmp_path / "audio.npy", np.load(tmp_path / "audio.npy") + 1)
    with pytest.raises(DataError, match=r"audio\.npy is not what the run has learned from so far; train a new run"):
        avgraph.resume(directory)


def test_resume_from_a_damaged_checkpoint_says_so(tmp_path: Path, fork_server: ForkServer) -> None:
    directory = killed_run(fork_server, small_experiment(tmp_path), 8)
    path = directory / "checkpoints" / "last.ckpt"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match=r"last\.ckpt: not a checkpoint of this run: .*; without the file, training"):
        avgraph.resume(directory)


@pytest.mark.parametrize("device", ["banana", "cuda:x", "cpu:3"])
def test_what_is_no_device_is_named(run: avgraph.Run, device: str) -> None:
    with pytest.raises(DataError, match=f"expected auto, cpu, cuda or cuda:N, got '{device}'"):
        avgraph.evaluate(run, device=device)


def test_a_resumed_run_in_double_precision_keeps_all_digits(
    tmp_path: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    double = {"train.precision": "64-true", "train.epochs": 9}
    whole = avgraph.train(small_experiment(tmp_path / "whole"), double)
    ended = History.on_train_epoch_end

    def power_cut(self: History, trainer: Trainer, task: LightningModule) -> None:
        ended(self, trainer, task)
        if trainer.current_epoch == 5:
            raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(History, "on_train_epoch_end", power_cut)
        with pytest.raises(RuntimeError, match="power cut"):
            avgraph.train(small_experiment(tmp_path / "cut"), double)
    (directory,) = (tmp_path / "cut").glob("runs/small/*")
    resumed = avgraph.resume(directory)
    one, two = (load_checkpoint(run.directory / CHECKPOINT)["state_dict"] for run in (whole, resumed))
    assert all(value.dtype == torch.float64 and torch.equal(two[key], value) for key, value in one.items())
