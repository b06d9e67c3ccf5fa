"""Tables on the terminal: names are printed as they are."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from avgraph.cli import main
from avgraph.cli.printing import print_folds, print_metrics
from avgraph.config import Experiment
from avgraph.runs.finished import Run
from avgraph.runs.folds import FoldRuns


def test_names_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics({"experiment": "a [kg]", "test/speed [m/s]": 0.5, "test/[/x]": 0.25})
    printed = capsys.readouterr().out
    for text in ("a [kg]", "speed [m/s]", "[/x]"):
        assert text in printed


def test_names_of_columns_are_no_markup(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    x[:, 1] += 2 * x[:, 0]
    np.savetxt(tmp_path / "t.csv", x, delimiter=",", header="weight [kg],[/unit] t", comments="")
    arguments = ["discover", str(tmp_path / "t.csv"), "-o", str(tmp_path / "dag.graphml")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    for name in ("weight [kg]", "[/unit] t"):
        assert name in result.output


@pytest.mark.parametrize(("columns", "each"), [(300, True), (60, False)])
def test_a_table_that_is_too_wide_shows_the_least_and_the_largest(
    columns: int, each: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    experiment = Experiment.model_validate({"dataset": {"type": "synthetic"}, "method": {"type": "rrnet"}})
    values = {seed: 0.5 + seed / 100 for seed in range(15)}
    metrics = {seed: {"data": {"dataset": "esc50"}, "checks": []} for seed in values}
    for seed in (4, 9):
        metrics[seed]["checks"] = [{"number": "A03", "name": "x", "message": f"{seed} gains nothing"}]
    runs = {seed: Run(tmp_path, experiment, metrics[seed]) for seed in values}
    print_folds(FoldRuns(tmp_path, runs, {"test/accuracy": {"mean": 0.57, "sd": 0.02, "values": values}}, ("seed",)))
    printed = capsys.readouterr().out
    assert "…" not in printed
    assert "0.5700 ± 0.0200" in printed
    assert all(text in printed for text in ("0.5000", "0.6400"))
    assert ("seed 7" in printed, "0.5700 │" in printed, "least" in printed) == (each, each, not each)
    assert printed.count("check A03") == 1
    assert "check A03 in 2 of 15: seed 4: 4 gains nothing" in printed
    assert (f"each of the 15 runs: {tmp_path}" in printed) == (not each)
