"""Sweeps: every setting once, chosen on validation, the same table after a kill, refused where nothing can choose."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

import avgraph
from avgraph.cli import main
from avgraph.errors import AvgraphError, ConfigError, DataError
from avgraph.runs.sweep.plan import Plan, experiment_with, grid, new_plan, with_sweep
from avgraph.runs.sweep.results import choose, value_of
from avgraph.runs.sweep.run import resume_sweep, train_sweep
from avgraph.runs.sweep.search import try_optuna
from tests.experiments import small_experiment
from tests.forking import ForkServer
from tests.run_folders import write_run

SHORT = ["train.epochs=2", "graphml=none"]
WIDTHS = {"method.hidden_channels": [2, 16]}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Sweep:
    path = small_experiment(tmp_path_factory.mktemp("sweep"))
    return train_sweep(path, SHORT, options=WIDTHS, seeds=[1, 2])


def test_the_best_on_validation_is_chosen(found: avgraph.Sweep) -> None:
    assert [trial.setting for trial in found.trials] == grid(WIDTHS)
    assert [list(trial.values) for trial in found.trials] == [["1", "2"]] * 2
    for trial in found.trials:
        runs = [avgraph.load_run(trial.directory / f"seed-{seed}") for seed in (1, 2)]
        assert [run.metrics["val/accuracy"] for run in runs] == list(trial.values.values())
        assert {run.experiment.method.hidden_channels for run in runs} == {trial.setting["method.hidden_channels"]}  # type: ignore[attr-defined]
        assert {run.experiment.sweep for run in runs} == {None}
    best = max(found.trials, key=lambda trial: trial.mean)
    assert found.chosen is best
    mean = np.mean([avgraph.load_run(best.directory / f"seed-{seed}").metrics["test/accuracy"] for seed in (1, 2)])
    assert found.summary["test/accuracy"]["mean"] == pytest.approx(mean)


def test_the_folder_has_the_table_three_ways(found: avgraph.Sweep) -> None:
    written = json.loads((found.directory / "sweep.json").read_text())
    assert [row["mean"] for row in written["trials"]] == [trial.mean for trial in found.trials]
    assert written["chosen"] == found.chosen.directory.name  # type: ignore[union-attr]
    with (found.directory / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val/accuracy"]) for row in rows] == [v for trial in found.trials for v in trial.values.values()]
    assert rows[0].keys() == {"trial", "run", *WIDTHS, "val/accuracy"}
    assert (found.directory / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert yaml.safe_load((found.directory / "config.yaml").read_text())["sweep"]["options"] == WIDTHS


def test_a_finished_sweep_is_not_run_again(found: avgraph.Sweep) -> None:
    before = {path: path.stat().st_mtime_ns for path in found.directory.rglob("seed-*/*")}
    again = CliRunner().invoke(main, ["resume", str(found.directory), "--json"])
    assert json.loads(again.stdout)["chosen"] == found.chosen.directory.name  # type: ignore[union-attr]
    assert before == {path: path.stat().st_mtime_ns for path in found.directory.rglob("seed-*/*")}
    printed = CliRunner().invoke(main, ["resume", str(found.directory)]).output
    assert f"chosen: {found.chosen.directory.name}, the largest val/accuracy" in printed  # type: ignore[union-attr]
    assert "trial-02" in CliRunner().invoke(main, ["runs", str(found.directory)]).output
    with pytest.raises(DataError, match="a sweep; name the folder of a run in it"):
        avgraph.load_run(found.directory)
    (row,) = avgraph.compare_runs([found.directory], metric="val/accuracy").rows
    assert (row.one.label, len(row.pairs)) == ("small (method.hidden_channels=2)", 2)


def test_killed_and_resumed_is_as_unbroken(found: avgraph.Sweep, tmp_path: Path, fork_server: ForkServer) -> None:
    words = [f"{name}={','.join(map(str, values))}" for name, values in WIDTHS.items()] + SHORT
    options = [part for word in words for part in ("--set", word)]
    child = fork_server.start(["sweep", str(small_experiment(tmp_path)), "--seeds", "1,2", "--quiet", *options])
    child.until(lambda: list(tmp_path.glob("runs/small/*/*/*/metrics.json")))
    child.kill(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, child.error
    (directory,) = tmp_path.glob("runs/small/*")
    assert not (directory / "sweep.json").exists()
    done = {path: path.stat().st_mtime_ns for path in directory.glob("*/*/metrics.json")}
    again = resume_sweep(directory)
    assert len(done) < len(list(directory.glob("*/*/metrics.json"))) == 4
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert [trial.values for trial in again.trials] == [trial.values for trial in found.trials]
    assert (directory / "sweep.csv").read_bytes() == (found.directory / "sweep.csv").read_bytes()


def test_workers_share_the_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(small_experiment(tmp_path, **{"  threads: 1\n": ""}))
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert [experiment_with(path, [], {}, workers).train.threads for workers in (1, 4, 8)] == [2, 2, 1]
    assert experiment_with(path, ["train.threads=null"], {}, 4).train.threads == 2


@pytest.mark.parametrize(
    ("overrides", "changes", "message"),
    [
        ([], {"options": {}}, r"sweep.options: expected options to try"),
        ([], {"metric": "test/accuracy"}, "metric: expected a metric of the split val"),
        (
            [],
            {"options": {"method.hidden_channels": [4, "many"]}},
            '--set method.hidden_channels="many": method.hidden_c',
        ),
        ([], {"options": {"train.optimizer.lr": {"low": 1.0, "high": 2.0}}}, "a range needs search: optuna"),
        ([], {"folds": [1]}, "dataset.fold: no node type has a fold"),
        ([], {"seeds": [1, 1]}, "seeds: a number is listed twice"),
        ([], {"options": {"method.dropout": [0.1, 0.1]}}, r"options.'method.dropout': a value is listed twice"),
        ([], {"options": {"seed": [1, 2]}}, "options.seed: seeds says which there are"),
        ([], {"options": {"dataset.fold": [1, 2]}, "folds": [1]}, "folds says which there are"),
        ([], {"options": {"sweep.seeds": [1, 2]}}, "expected an option of a run, got one of the sweep"),
        (
            ["dataset.nodes.audio.split=two.npy"],
            {},
            "has no validation rows to choose by, as val/accuracy; give it some",
        ),
    ],
)
def test_what_cannot_be_swept_leaves_nothing_behind(
    tmp_path: Path, overrides: list[str], changes: dict[str, Any], message: str
) -> None:
    path = small_experiment(tmp_path)
    np.save(tmp_path / "two.npy", np.array(["train", "test"])[np.arange(45) % 2])
    overrides = [text.replace("two.npy", str(tmp_path / "two.npy")) for text in overrides]
    with pytest.raises(AvgraphError, match=message):
        train_sweep(path, [*SHORT, *overrides], **{"options": WIDTHS, **changes})
    assert not (tmp_path / "runs").exists()


def test_a_metric_that_runs_do_not_have_is_told_with_those_that_they_have(tmp_path: Path) -> None:
    run = write_run(tmp_path / "a", {"test/accuracy": 0.5, "val/accuracy": 0.5})
    with pytest.raises(DataError, match=r"no metric 'val/acuracy' to choose by; did you mean 'val/accuracy'\?"):
        value_of(run, "val/acuracy")


def test_a_file_with_a_sweep_is_not_trained_as_if_it_had_none(tmp_path: Path) -> None:
    path = small_experiment(tmp_path)
    path.write_text(path.read_text() + "sweep: {options: {method.loss: [bce, {type: bce}]}, seeds: 2}\n")
    options = avgraph.load_experiment(path).to_dict()["sweep"]["options"]
    assert [type(value) for value in options["method.loss"]] == [str, dict]  # what YAML can write
    for call in (avgraph.train, avgraph.train_seeds):
        with pytest.raises(ConfigError, match="the experiment is a sweep, which avgraph sweep trains"):
            call(path)  # type: ignore[operator]
    assert avgraph.load_experiment(path, ["sweep=null"]).sweep is None


def planned(folder: Path, **changes: Any) -> Plan:
    """Seven settings that Optuna draws."""
    path = small_experiment(folder)
    options = {"train.epochs": {"low": 0.0, "high": 99.0, "whole": True}, "method.hidden_channels": [4, 8]}
    sweep = {"options": options, "search": "optuna", "trials": 7, "seeds": 2, **changes}
    return new_plan(folder, with_sweep(avgraph.load_experiment(path), sweep), path, ())


def write_metrics(places: Sequence[Path]) -> None:
    """Trains nothing: the seventh setting reaches less than those before."""
    for place in places:
        content = {"experiment": "small", "seed": 0, "data": {}, "val/accuracy": 0.9 - 0.8 * ("trial-07" in str(place))}
        (place / "metrics.json").write_text(json.dumps(content))


@pytest.mark.parametrize(("prune", "runs"), [(True, 1), (False, 2)])
def test_optuna_gives_up_what_is_worse_than_the_median(tmp_path: Path, prune: bool, runs: int) -> None:
    trials = try_optuna(planned(tmp_path, prune=prune), write_metrics)
    assert [len(trial.values) for trial in trials] == [2] * 6 + [runs]
    assert [trial.given_up for trial in trials] == [False] * 6 + [prune]
    assert choose(trials, larger=False) is trials[0 if prune else 6]


def test_optuna_goes_on_with_what_it_would_have_tried(tmp_path: Path) -> None:
    plan = planned(tmp_path, workers=2)
    trials = try_optuna(plan, write_metrics)
    assert len({trial.setting["train.epochs"] for trial in trials}) > 4
    for number in (2, 5, 6):  # as if it had been killed in the middle of three batches
        shutil.rmtree(plan.place(number))
    again = try_optuna(plan, write_metrics)
    assert [trial.setting for trial in again] == [trial.setting for trial in trials]
