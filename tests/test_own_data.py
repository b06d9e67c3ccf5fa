"""The README's recipe on data that nobody tuned for: it learns as it stands, and what cannot learn says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from avgraph.cli import main
from avgraph.run import Run, resume, train

RECIPE = """\
dataset:
  type: files
  root: my_data
  nodes:
    audio: {x: audio.npy, y: audio_labels.txt, split: split.txt}
    label: {x: bundle.npz:labels, name: labels.txt}
encoders:
  audio: {type: precomputed}
  label: {type: precomputed}
graph:
  - {type: knn, node: audio, k: 10}
  - {type: complete, source: audio, target: label}
method: {type: rrnet}
"""
# The defaults until methods had their own: those of the paper.
PAPER = [
    "method.loss=bce",
    "method.standardize=false",
    "train={epochs: 200, schedule: constant, optimizer: {type: sgd, lr: 0.1, momentum: 0.9, weight_decay: 5.0e-4}}",
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


def test_the_recipe_learns_as_it_stands(recipe: Path) -> None:
    run = train(recipe)
    assert run.metrics["test/accuracy"] >= 0.9
    assert checks_of(run) == []


def test_settings_that_learn_nothing_are_told(recipe: Path) -> None:
    arguments = ["train", str(recipe), *(part for setting in PAPER for part in ("--set", setting))]
    shown = CliRunner().invoke(main, arguments, catch_exceptions=False).output
    (directory,) = (recipe.parent / "runs" / "own").iterdir()
    run = resume(directory)  # it is finished: only told again
    assert run.metrics["test/accuracy"] < 0.2
    assert "loss_at_constant" in checks_of(run)
    (line,) = (line for line in shown.splitlines() if "constant prediction" in line)
    assert line.startswith("check: the loss ends at 0.32")
    assert line.endswith("a constant prediction has 0.3251: nothing was learned; see train (lr, epochs)")
    for command in ("resume", "evaluate"):
        again = CliRunner().invoke(main, [command, str(directory)], catch_exceptions=False).output
        assert line in again.splitlines()


@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_an_untrained_run_has_no_loss_and_is_held_against_the_majority(recipe: Path, loss: str, reduction: str) -> None:
    run = train(recipe, ["train.epochs=0", f"method.loss={loss}", f"method.reduction={reduction}"])
    assert "loss_at_constant" not in checks_of(run)
