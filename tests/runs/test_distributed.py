"""Runs on several processes: started here or by a launcher, killed, resumed on another number; what is refused."""

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

import avgraph
from avgraph.config import load_experiment
from avgraph.errors import ConfigError, DataError, GraphError, Interrupted
from avgraph.options.train import TrainOptions
from avgraph.runs.distributed.launch import _cause
from avgraph.runs.distributed.launched import Member, launched
from tests.experiments import small_experiment
from tests.forking import Child, ForkServer

BATCHES = {
    "epochs: 30": "epochs: 12",
    "dropout: 0.1": "dropout: 0.0, batch_size: 4",
    "every: 3": "every: 1\n  measure_every: 2\n  keep: best",
}
TWO = ["--set", "train.devices=2", "--set", "train.threads=1"]


def experiment(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return small_experiment(folder, **BATCHES)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> avgraph.Run:
    return avgraph.train(experiment(tmp_path_factory.mktemp("alone")), {"train.threads": 1})


def numbers(metrics: dict[str, Any]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if "/" in name and isinstance(value, float)}


def assert_same_run(directory: Path, other: avgraph.Run) -> None:
    """The same numbers but for rounding, in every epoch and at the end, and the same files."""
    run = avgraph.load_run(directory)
    assert numbers(run.metrics) == pytest.approx(numbers(other.metrics), abs=1e-4)
    assert run.metrics["selected"] == pytest.approx(other.metrics["selected"], abs=1e-4)  # the first measures for all
    lines = [(place / "metrics.jsonl").read_text().splitlines() for place in (directory, other.directory)]
    assert len(lines[0]) == len(lines[1]) == 12
    for one, two in zip(*lines, strict=True):
        assert json.loads(one) == pytest.approx(json.loads(two), abs=1e-4)
    assert {path.name for path in directory.iterdir()} == {path.name for path in other.directory.iterdir()}


def test_processes_of_a_launcher_train_one_run(fork_server: ForkServer, alone: avgraph.Run, tmp_path: Path) -> None:
    path = experiment(tmp_path)
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        meet = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port.getsockname()[1]), "WORLD_SIZE": "2"}
    ranks = [
        fork_server.start(["train", str(path), "--quiet", *TWO], env={**meet, "RANK": each, "LOCAL_RANK": each})
        for each in "01"
    ]
    for rank in ranks:
        assert rank.wait() == 0, rank.error
    (directory,) = tmp_path.glob("runs/small/*")
    assert f"run: {directory}" in ranks[0].output.replace("\n", "")
    assert ranks[1].output == ""
    assert json.loads((directory / "environment.json").read_text())["processes"] == 2
    assert_same_run(directory, alone)


def _ranks(parent: int) -> dict[int, int]:
    """Rank → process, of those that a run has started."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            owner = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            words = (path / "cmdline").read_text().split("\0")
        except OSError:  # it has ended
            continue
        if owner == parent and "avgraph.runs.distributed" in words:
            found[int(words[words.index("avgraph.runs.distributed") + 2])] = int(path.name)
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the ranks under /proc")
def test_a_killed_rank_ends_the_run_which_goes_on_alone(
    fork_server: ForkServer, alone: avgraph.Run, tmp_path: Path
) -> None:
    child: Child = fork_server.start(["train", str(experiment(tmp_path)), "--quiet", *TWO])

    def reached() -> bool:
        history = list(tmp_path.glob("runs/small/*/metrics.jsonl"))
        return bool(history) and history[0].read_text().count("\n") >= 2

    child.until(reached, seconds=120)
    ranks = _ranks(child.pid)
    os.kill(ranks[1], signal.SIGKILL)
    assert child.wait() == 128 + signal.SIGKILL
    (directory,) = tmp_path.glob("runs/small/*")
    expected = f"rank 1 of 2 was ended by SIGKILL; avgraph resume {directory} continues"
    assert child.error.replace("\n", "") == expected
    assert not any(Path("/proc", str(process)).exists() for process in ranks.values())
    assert not [path for path in directory.rglob(".*") if path.name != ".lock"]
    done = (directory / "metrics.jsonl").read_text().count("\n")
    assert 2 <= done < 12
    assert avgraph.resume(directory, devices=1).directory == directory
    assert load_experiment(directory / "config.yaml").train.devices == 2
    assert_same_run(directory, alone)


@pytest.mark.slow
def test_one_process_through_ddp(alone: avgraph.Run, tmp_path: Path) -> None:
    run = avgraph.train(experiment(tmp_path), {"train.threads": 1, "train.strategy": "ddp"})
    assert_same_run(run.directory, alone)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"method.batch_size": None},
            "train.devices: expected 1: a step of rrnet is the whole graph; method.batch",
        ),
        ({"train.device": "cuda:1"}, "train.device: expected auto, cpu or cuda for 2 processes, got 'cuda:1'"),
        ({"train.devices": 0}, "train.devices"),
        ({"train.devices": 1, "train.nodes": 2, "method.batch_size": None}, "train.nodes: expected 1: a step of rrnet"),
    ],
)
def test_what_cannot_be_split_is_told_before_anything_is_done(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as told:
        load_experiment(experiment(tmp_path), {"train.devices": 2, **changes})
    assert message in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("method", ["rrnet_ratings", "tests.runs.test_distributed:Whole"])
def test_methods_that_are_not_made_for_it(tmp_path: Path, method: str) -> None:
    text = experiment(tmp_path).read_text()
    start = text.index("method:")
    text = text[:start] + f'method: {{type: "{method}"}}\ntrain: {{devices: 2}}\n'
    (tmp_path / "other.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"train\.devices: expected 1: a step of .*split over processes"):
        load_experiment(tmp_path / "other.yaml")


class Whole:
    """A method of a user's own."""


class Split(Whole):
    """One that says it can be split."""

    splits_batches = True


def test_a_method_of_the_user_s_own_may_say_that_it_can_be_split(tmp_path: Path) -> None:
    text = experiment(tmp_path).read_text()
    text = text[: text.index("method:")] + 'method: {type: "tests.runs.test_distributed:Split"}\ntrain: {devices: 2}\n'
    (tmp_path / "other.yaml").write_text(text)
    assert load_experiment(tmp_path / "other.yaml").train.processes == 2


def test_a_launcher_of_another_number_of_processes() -> None:
    ranks = {"RANK": "0", "WORLD_SIZE": "4", "LOCAL_RANK": "0"}
    with pytest.raises(DataError, match=r"one of 4 processes, but train.devices × train.nodes is 2 × 1"):
        launched(TrainOptions(devices=2), ranks)
    with pytest.raises(DataError, match=r"is 1 × 1"):
        launched(TrainOptions(), ranks)
    with pytest.raises(DataError, match="whole numbers"):
        launched(TrainOptions(devices=2), {**ranks, "RANK": "first"})
    slurm = {"SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_LOCALID": "1"}
    member = launched(TrainOptions(devices=2, nodes=2), slurm)
    assert member == Member(rank=3, world=4, local_rank=1)
    assert launched(TrainOptions(devices=2), {**slurm, "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}) is None
    assert launched(TrainOptions(devices=2), {}) is None


def test_runs_over_seeds_under_a_launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DataError, match="leave the launcher out"):
        avgraph.train_seeds(experiment(tmp_path), 2, {"train.devices": 2})


def test_why_ranks_have_ended() -> None:
    mistake = {"kind": "GraphError", "message": "row 3 is zero", "trace": "…"}
    lost = {"kind": "", "message": "Connection closed by peer", "trace": "Traceback of gloo"}
    told: list[tuple[list[int | None], list[dict[str, str]], type[BaseException], str]] = [
        ([1, -9], [lost, {}], Interrupted, "rank 1 of 2 was ended by SIGKILL"),
        ([1, 1], [lost, mistake], GraphError, "row 3 is zero"),
        ([None, 1], [{}, {"kind": "OSError", "message": "No space left"}], DataError, "No space left"),
        ([1, None], [lost, {}], RuntimeError, "rank 0 of 2 failed:\nTraceback of gloo"),
        ([None, 3], [{}, {}], RuntimeError, "rank 1 ended with exit code 3 and said nothing"),
    ]
    for codes, said, kind, message in told:
        cause = _cause(codes, said)
        assert isinstance(cause, kind)
        assert message in str(cause)
    stop = _cause([-15, 1], [{}, lost])
    assert isinstance(stop, Interrupted)
    assert stop.exit_code == 143


def test_resume_takes_no_number_for_many_runs(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from avgraph.cli import main

    (tmp_path / "folds.json").write_text("{}")
    result = CliRunner().invoke(main, ["resume", str(tmp_path), "--devices", "2"])
    assert result.exit_code == 2
    assert "is more than one run" in result.output
