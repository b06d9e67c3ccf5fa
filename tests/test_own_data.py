"""The README's recipe on data that nobody tuned for: it learns as it stands, and what cannot learn says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch_geometric.data import HeteroData

from avgraph.cli import main
from avgraph.cli.printing import print_checks
from avgraph.config import TrainOptions
from avgraph.methods import RRNetTask, Trivial
from avgraph.methods.rrnet import RrnetOptions
from avgraph.runs.checks import Outcome, run_checks
from avgraph.runs.finished import Run
from avgraph.runs.run import resume, train
from avgraph.transforms import Complete
from tests.pages.snippets import ROOT, snippets

_RECIPES = (snippet.text for snippet in snippets(ROOT / "README.md") if snippet.language == "yaml")
(RECIPE,) = (text for text in _RECIPES if "type: files" in text)
# The defaults until methods had their own: those of the paper, for 40 epochs; its 200 end at 0.32 as well.
PAPER = [
    "encoders.audio.type=precomputed",
    "method={loss: bce, hidden_channels: 16, dropout: 0.0, edge_score: false, standardize: false, product: false}",
    "train={epochs: 40, schedule: constant, optimizer: {type: sgd, lr: 0.1, momentum: 0.9, weight_decay: 5.0e-4}}",
]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """400 sounds of 10 classes, 128 numbers each, in which logistic regression reaches .95; labels of 50."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(400) % 10)
    folder = tmp_path / "my_data"
    folder.mkdir()
    np.save(folder / "audio.npy", (0.41 * rng.normal(size=(10, 128))[y] + rng.normal(size=(400, 128))).astype("f4"))
    np.savez(folder / "bundle.npz", labels=rng.normal(size=(10, 50)))
    splits = np.array(["train", "train", "train", "val", "test"])[rng.permutation(400) % 5]
    for name, lines in (
        ("audio_labels", [f"class {c}" for c in y]),
        ("split", splits),
        ("labels", [f"class {c}" for c in range(10)]),
    ):
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text(RECIPE + f"output: {tmp_path / 'runs'}\n", encoding="utf-8")
    return path


def checks_of(run: Run) -> list[str]:
    """Names of the checks in ``metrics.json``."""
    return [check["name"] for check in json.loads((run.directory / "metrics.json").read_text())["checks"]]


@pytest.mark.slow
@pytest.mark.parametrize("encoder", ["as it stands", "precomputed"])  # without a score to start from, too
def test_the_recipe_of_the_readme_learns(recipe: Path, encoder: str) -> None:
    run = train(recipe, {} if encoder == "as it stands" else {"encoders.audio.type": encoder})
    assert run.metrics["test/accuracy"] >= 0.9
    # The classes are linear: nothing that is added to a linear model has to beat it.
    assert set(checks_of(run)) <= ({"metric_at_baseline"} if encoder == "as it stands" else set())


@pytest.mark.slow
def test_settings_that_learn_nothing_are_told(recipe: Path) -> None:
    arguments = ["train", str(recipe), *(part for setting in PAPER for part in ("--set", setting))]
    shown = CliRunner().invoke(main, arguments, catch_exceptions=False).output
    (directory,) = (recipe.parent / "runs" / "own").iterdir()
    run = resume(directory)  # it is finished: only told again
    assert run.metrics["test/accuracy"] < 0.2
    assert "loss_at_constant" in checks_of(run)
    (line,) = (line for line in shown.splitlines() if "constant prediction" in line)
    assert line.startswith("check A01: the loss ends at 0.32")
    assert line.endswith("a constant prediction has 0.3251: nothing was learned; see train (lr, epochs)")
    for command in ("resume", "evaluate"):
        again = CliRunner().invoke(main, [command, str(directory)], catch_exceptions=False).output
        assert line in again.splitlines()


@pytest.mark.parametrize(("loss", "mean"), [("bce", 0.325083), ("cross_entropy", 2.302585)])
def test_the_loss_of_a_constant(loss: str, mean: float) -> None:
    data = HeteroData()
    data["audio"].x, data["audio"].y = torch.randn(20, 4), torch.arange(20) % 10
    data["label"].x, data["label"].y = torch.randn(10, 4), torch.arange(10)
    data["audio"].train_mask, data["audio"].test_mask = torch.arange(20) < 15, torch.arange(20) >= 15
    data = Complete("audio", "label")(data)
    count = 150 if loss == "bce" else 15  # edges, or nodes
    for reduction, factor in (("mean", 1), ("sum", count)):
        task = RRNetTask(RrnetOptions(loss=loss, reduction=reduction))  # type: ignore[arg-type]
        task.bind(data, TrainOptions(), 0)
        found = task.trivial()
        assert found.loss == pytest.approx(factor * mean, rel=1e-5 if loss == "cross_entropy" else 1e-3)
        assert found.metrics == {"train/accuracy": 2 / 15, "test/accuracy": 0.0}


def test_checks() -> None:
    trivial = Trivial(2.0, {"train/accuracy": 0.5, "test/accuracy": 0.5})

    def names(loss: float, test: float, trivial: Trivial | None = trivial) -> list[str]:
        metrics = {"train/accuracy": 0.4, "test/accuracy": test}
        return [check["name"] for check in run_checks(Outcome(metrics, [{"train/loss": loss}], trivial))]

    assert names(1.9, 0.51) == []
    assert names(1.99, 0.5) == ["loss_at_constant", "metric_at_trivial"]
    assert names(float("nan"), float("nan")) == ["loss_at_constant", "metric_at_trivial"]
    assert names(3.0, 0.1, None) == []
    assert names(3.0, 0.1, Trivial()) == []
    only_val = Outcome({"val/map": 0.2}, [], Trivial(None, {"val/map": 0.3}, "a ranking by chance"))
    assert [check["message"] for check in run_checks(only_val)] == [
        "val/map 0.2000 does not beat a ranking by chance, 0.3000"
    ]


def test_checks_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    print_checks({"checks": [{"name": "x", "message": "this is so"}]})
    assert capsys.readouterr().out == "check: this is so\n"
    print_checks({"checks": [{"number": "A03", "name": "x", "message": "this is so"}]})
    assert capsys.readouterr().out == "check A03: this is so\n"
