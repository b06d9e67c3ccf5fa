"""Loggers are given what the history holds, once each, also after a kill; TensorBoard's file is read back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning.loggers import Logger

import avgraph
from avgraph.errors import ConfigError
from avgraph.runs import callbacks, loggers
from tests.experiments import small_experiment

pytestmark = pytest.mark.usefixtures("no_figures")


class Remote(Logger):
    """In place of a logger whose tool is not installed: what has been sent to every run that there is."""

    runs: dict[str, Remote] = {}  # noqa: RUF012
    made: list[Remote] = []  # noqa: RUF012

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__()
        self.run_id = options.get("id") or options.get("run_id") or f"run {len(self.runs)}"
        self.options, self.status = options, ""
        self.sent: list[tuple[int, dict[str, float]]] = self.runs[self.run_id].sent if self.run_id in self.runs else []
        self.params: dict[str, Any] = {}
        self.experiment = self
        self.runs[self.run_id] = self
        self.made.append(self)

    @property
    def name(self) -> str:
        return "remote"

    @property
    def version(self) -> str:
        return str(self.run_id)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        assert step is not None
        self.sent.append((step, dict(metrics)))

    def log_hyperparams(self, params: Any, *given: Any, **options: Any) -> None:
        self.params = dict(params)

    def finalize(self, status: str) -> None:
        self.status = status

    def finish(self) -> None:
        self.status += ", let go"


def logged(folder: Path, names: str, epochs: int = 6) -> Path:
    swaps = {
        "epochs: 30": f"epochs: {epochs}\n  measure_every: 2\n  log: [{names}]",
        "checkpoint_every: 3": "checkpoint_every: 4",
    }
    return small_experiment(folder, **swaps)


def lines(run: avgraph.Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.directory / "metrics.jsonl").read_text().splitlines()]


def finals(run: avgraph.Run) -> dict[str, float]:
    return {f"final/{name}": value for name, value in run.metrics.items() if "/" in name}


def broken_off(path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int) -> Path:
    """Folder of a run that ended in an epoch, behind its line in the history."""
    inner = callbacks.Checkpoints.on_train_epoch_end

    def breaks(self: Any, trainer: Any, module: Any) -> None:
        inner(self, trainer, module)
        if trainer.current_epoch == epoch:
            raise ConnectionError("broken off")

    monkeypatch.setattr(callbacks.Checkpoints, "on_train_epoch_end", breaks)
    with pytest.raises(ConnectionError):
        avgraph.train(path)
    monkeypatch.setattr(callbacks.Checkpoints, "on_train_epoch_end", inner)
    (directory,) = path.parent.glob("runs/small/*")
    return directory


def test_tensorboard_shows_every_epoch_once_and_the_final_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off in epoch 5, behind the checkpoint of epoch 3: epochs 4 and 5 are logged twice, and shown once."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = avgraph.resume(broken_off(logged(tmp_path, "tensorboard", 8), monkeypatch, 5))
    shown = EventAccumulator(str(run.directory / "tensorboard")).Reload()
    for name in ("train/loss", "val/accuracy", "lr"):
        given = {line["epoch"]: line[name] for line in lines(run) if name in line}
        found = [(event.step, event.value) for event in shown.Scalars(name)]
        assert [step for step, _ in found] == list(given)
        assert [value for _, value in found] == pytest.approx(list(given.values()))
    assert {name for name in shown.Tags()["scalars"] if name.startswith("final/")} == set(finals(run))
    assert not (run.directory / "loggers.json").exists()
    assert "_hparams_/session_start_info" in shown.PluginTagToContent("hparams")


@pytest.mark.parametrize(("name", "kind"), [("wandb", "WandbLogger"), ("mlflow", "MLFlowLogger")])
def test_a_remote_logger_is_told_everything_once(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off twice, the second time while it repeats what the logger knows."""
    monkeypatch.setattr(Remote, "runs", {})
    monkeypatch.setattr(Remote, "made", [])
    monkeypatch.setattr(loggers, kind, Remote)
    monkeypatch.setattr(loggers, "find_spec", lambda name: json.__spec__)
    monkeypatch.setenv("AVGRAPH_OFFLINE", "1")
    directory = broken_off(logged(tmp_path, name, 8), monkeypatch, 6)
    assert Remote.made[-1].status.startswith("failed")
    inner = callbacks.Checkpoints.on_train_epoch_end

    def breaks(self: Any, trainer: Any, module: Any) -> None:
        raise ConnectionError("broken off")

    monkeypatch.setattr(callbacks.Checkpoints, "on_train_epoch_end", breaks)
    with pytest.raises(ConnectionError):
        avgraph.resume(directory)
    monkeypatch.setattr(callbacks.Checkpoints, "on_train_epoch_end", inner)
    run = avgraph.resume(directory)
    (remote,) = Remote.runs.values()
    expected = [(line.pop("epoch"), line) for line in lines(run)]
    assert remote.sent == [*expected, (8, finals(run))]
    assert remote.status.startswith("finished")
    assert remote.params["train.optimizer.lr"] == 0.01
    if name == "wandb":
        assert remote.options["mode"] == "offline"
    else:
        assert remote.options["tracking_uri"] == f"sqlite:///{directory / 'mlflow.db'}"


def test_final_metrics_are_logged_where_only_they_were_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Remote, "runs", {})
    monkeypatch.setattr(Remote, "made", [])
    monkeypatch.setattr(loggers, "MLFlowLogger", Remote)
    monkeypatch.setattr(loggers, "find_spec", lambda name: json.__spec__)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://server")
    directory = broken_off(logged(tmp_path, "mlflow"), monkeypatch, 5)
    run = avgraph.resume(directory)
    (remote,) = Remote.runs.values()
    assert [step for step, _ in remote.sent] == [0, 1, 2, 3, 4, 5, 6]
    assert remote.sent[-1][1] == finals(run)
    assert remote.options["tracking_uri"] == "http://server"


@pytest.mark.parametrize(("name", "found"), [("tensorboard", None), ("wandb", ModuleSpec("wandb", None))])
def test_a_logger_that_is_not_installed_is_told(
    name: str, found: ModuleSpec | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one where there is but a folder of its name."""
    monkeypatch.setattr(loggers, "find_spec", lambda name: found)
    told = rf"^train\.log: {name} is not installed; pip install 'avgraph\[log\]'$"
    with pytest.raises(ConfigError, match=told):
        avgraph.train(logged(tmp_path, name))
    assert not (tmp_path / "runs").exists()
