"""Folds: one run each, mean and sample deviation, continued where they were stopped, synthetic named."""

import json
import shutil
import statistics
from pathlib import Path

import pytest
from click.testing import CliRunner

import avgraph
from avgraph.cli import main
from avgraph.errors import ConfigError, DataError
from avgraph.runs.folds import resume_folds
from avgraph.runs.repeats import summarise

TEXT = """\
name: folds
dataset: {type: synthetic, classes: 3, clips_per_class: 10}
encoders:
  audio: {type: logmel_cnn, channels: 8, width: 4, epochs: 1, out_of_fold: false}
  label: {type: hashing, channels: 8}
graph:
  - {type: knn, node: audio, k: 3}
  - {type: candidates, source: audio, target: label, k: 2}
method: {type: rrnet, hidden_channels: 4}
train: {epochs: 3, device: cpu, threads: 1}
"""


@pytest.mark.slow
def test_folds_are_run_summarised_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "folds.yaml"
    path.write_text(TEXT + f"output: {tmp_path / 'runs'}\n", encoding="utf-8")
    folds = avgraph.train_folds(path, (1, 4))
    assert [run.experiment.dataset.fold for run in folds.runs.values()] == [1, 4]  # type: ignore[attr-defined]
    row = folds.summary["test/accuracy"]
    values = [run.metrics["test/accuracy"] for run in folds.runs.values()]
    assert row["mean"] == pytest.approx(statistics.mean(values))
    assert row["sd"] == pytest.approx(statistics.stdev(values))
    written = json.loads((folds.directory / "metrics.json").read_text())
    assert written["data"]["source"] == "synthetic"
    assert written["test/accuracy"] == row

    with pytest.raises(DataError, match=r"runs of several folds or seeds; name the folder of one, such as .*fold-1"):
        avgraph.resume(folds.directory)
    with pytest.raises(DataError, match="not the folder of runs over folds"):
        resume_folds(folds.directory / "fold-1")
    assert "runs of several folds" in CliRunner().invoke(main, ["evaluate", str(folds.directory)]).output

    before = (folds.directory / "metrics.json").read_bytes()
    shutil.rmtree(folds.directory / "fold-4")
    (folds.directory / "metrics.json").unlink()
    assert resume_folds(folds.directory).summary == folds.summary
    assert (folds.directory / "metrics.json").read_bytes() == before
    output = CliRunner().invoke(main, ["resume", str(folds.directory)]).output
    assert output.startswith("data: SYNTHETIC stand-in")
    assert "±" in output


def test_summary_of_one_fold_has_no_deviation() -> None:
    assert summarise({2: {"test/a": 0.25, "seed": 1}}) == {"test/a": {"mean": 0.25, "sd": None, "values": {"2": 0.25}}}


def test_folds_that_the_data_do_not_have_are_told_before_any_work(tmp_path: Path) -> None:
    path = tmp_path / "folds.yaml"
    path.write_text(TEXT + f"output: {tmp_path / 'runs'}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="folds: there is no fold 7; the data have 1, 2, 3, 4, 5"):
        avgraph.train_folds(path, (1, 7))
    (tmp_path / "sounds.csv").write_text(
        "y,fold,f0\n" + "".join(f"{row % 2},{row // 2},{row}\n" for row in range(1, 7))
    )
    own = "{type: files, fold: 0, nodes: {audio: {table: sounds.csv, features: [f0]}, label: {name: names.txt}}}"
    (tmp_path / "names.txt").write_text("a\nb\n")
    path.write_text(f"dataset: {own}\nmethod: {{type: rrnet}}\noutput: {tmp_path / 'runs'}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="folds: there is no fold 4; the data have 0, 1, 2, 3"):
        avgraph.train_folds(path, (4,))
    assert not (tmp_path / "runs").exists()
