"""A list of runs: what each is and has reached, filtered and sorted; damaged ones are named and hide no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from avgraph import list_runs
from avgraph.cli import main
from avgraph.errors import DataError
from avgraph.runs.listing import FINISHED, RUNNING, STOPPED, UNREADABLE, main_metric, read_run
from avgraph.runtime.lock import locked
from tests.run_folders import write_folds, write_run


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folds = {1: {"test/accuracy": 0.5}, 2: {"test/accuracy": 0.7}, 3: None}
    write_folds(tmp_path / "one" / "20260101-000000-aaaaaaa", folds)
    write_run(tmp_path / "two" / "20260103-000000-bbbbbbb", {"test/accuracy": 0.9}, name="two", epochs=9)
    write_run(tmp_path / "two" / "20260102-000000-ccccccc", None, name="two")
    return tmp_path


def test_folds_are_one_row_and_states_are_told(runs: Path) -> None:
    (runs / "two" / "20260104-000000-ddddddd").mkdir()
    (runs / "two" / "20260104-000000-ddddddd" / "config.yaml").write_text("a: [", encoding="utf-8")
    with locked(runs / "two" / "20260102-000000-ccccccc" / ".lock", "in use"):
        found = list_runs(runs)
    assert [run.state for run in found] == [STOPPED, RUNNING, FINISHED, UNREADABLE]
    assert found[0].metrics == {"test/accuracy": pytest.approx(0.6)}
    assert found[0].sd == {"test/accuracy": pytest.approx(0.1414, abs=1e-4)}
    assert ([part.state for part in found[0].parts], found[0].planned) == ([FINISHED, FINISHED, STOPPED], 3)
    assert "not valid YAML" in found[3].problem


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("name=two", ["b", "c"]),
        ("name!=two", ["a"]),
        ("test/accuracy>=0.6", ["a", "b"]),
        ("test/accuracy>0.6", ["b"]),
        ("train.epochs<9", ["a", "c"]),
        ("train.epochs<=9", ["a", "b", "c"]),
        ("state=stopped", ["a", "c"]),
    ],
)
def test_conditions(runs: Path, where: str, left: list[str]) -> None:
    assert sorted(run.directory.name[-1] for run in list_runs(runs, where=[where])) == left


def test_order(runs: Path) -> None:
    def order(sort: str) -> str:
        return "".join(run.directory.name[-1] for run in list_runs(runs, sort=sort))

    assert [order(sort) for sort in ("time", "-time", "test/accuracy", "-test/accuracy")] == [
        "acb",
        "bca",
        "abc",
        "bac",
    ]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("metod.type=rrnet", r"'metod.type': no run has it; did you mean 'method.type'\?"),
        ("name", "expected NAME=VALUE"),
        ("name<two", "name<two: < compares numbers, got 'two'"),
        ("name=[1, 2]", "expected a number or a text as value"),
        ("name=[", "not valid YAML"),
    ],
)
def test_wrong_conditions(runs: Path, where: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list_runs(runs, where=[where])


def test_no_folder_and_no_run(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="elsewhere: no such folder"):
        list_runs(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="not the folder of a run"):
        read_run(tmp_path)
    assert CliRunner().invoke(main, ["runs", str(tmp_path)]).output == "no runs\n"


def test_the_usual_metric_of_the_method_comes_first(tmp_path: Path) -> None:
    metrics = {"test/modality_gap": 1.0, "test/cosine/audio_to_text_recall_at_1": 0.3}
    run = read_run(write_run(tmp_path / "a", metrics, method={"type": "mltm"}))
    assert main_metric([run]) == "test/cosine/audio_to_text_recall_at_1"
    other = read_run(write_run(tmp_path / "b", {"test/modality_gap": 1.0}))
    assert main_metric([run, other]) == "test/modality_gap"
    assert main_metric([]) is None


def test_a_check_of_many_folds_is_one_line(runs: Path) -> None:
    check = {"number": "A03", "name": "metric_at_baseline"}
    for fold in (1, 2):
        file = runs / "one" / "20260101-000000-aaaaaaa" / f"fold-{fold}" / "metrics.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        found = [check | {"message": f"{fold} is low"}] + [{"number": "A10", "message": "a stand-in"}] * (fold == 2)
        file.write_text(json.dumps(content | {"checks": found}), encoding="utf-8")
    lines = CliRunner().invoke(main, ["runs", str(runs)]).output.splitlines()
    assert [line.partition("aaaaaaa: ")[2] for line in lines if "check" in line] == [
        "check A03 in 2 of 2: fold-1: 1 is low", "check A10 in 1 of 2: fold-2: a stand-in"
    ]  # fmt: skip
    one = read_run(runs / "one" / "20260101-000000-aaaaaaa" / "fold-1")
    assert one.checks == ("A03: 1 is low",)


def test_on_the_command_line(runs: Path) -> None:
    done = CliRunner().invoke(main, ["runs", str(runs), "--show", "train.epochs", "--show", "test/accuracy"])
    assert done.exit_code == 0, done.output
    for text in ("one/20260101-000000-aaaaaaa", "2 of 3", "0.6000 ± 0.1414", "train.epochs", "stopped"):
        assert text in done.output
    written = json.loads(CliRunner().invoke(main, ["runs", str(runs), "--json", "--sort", "-test/accuracy"]).stdout)
    assert written["runs"][0]["metrics"] == {"test/accuracy": 0.9}
    assert CliRunner().invoke(main, ["runs", str(runs), "--show", "acuracy"]).exit_code == 2
