"""Runs over seeds, alone or with folds: which they are, what the folder holds, what is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import avgraph
from avgraph.cli import main
from avgraph.config import experiment_from_dict
from avgraph.errors import ConfigError, DataError
from avgraph.runs.callbacks import StepSeed
from avgraph.runs.folder import read_over
from avgraph.runs.folds import resume_folds, seeds_of
from avgraph.runs.repeats import experiments_over, place_of, summarise
from tests.experiments import small_experiment
from tests.typechecker import unchecked

SHORT = {"train.epochs": 1, "graphml": "none"}


def test_seeds_are_run_summarised_and_resumed(tmp_path: Path) -> None:
    found = avgraph.train_seeds(small_experiment(tmp_path), 2, SHORT)
    assert list(found.runs) == [3, 4]  # from the experiment's own
    assert [run.metrics["seed"] for run in found.runs.values()] == [3, 4]
    assert sorted(path.name for path in found.directory.glob("seed-*")) == ["seed-3", "seed-4"]
    losses = {(run.directory / "metrics.jsonl").read_bytes() for run in found.runs.values()}
    assert len(losses) == 2
    (found.directory / "metrics.json").unlink()
    again = resume_folds(found.directory)
    assert (again.summary, again.over) == (found.summary, ("seed",))
    with pytest.raises(DataError, match=r"several folds or seeds; name the folder of one, such as .*seed-3"):
        avgraph.load_run(found.directory)
    printed = CliRunner().invoke(main, ["resume", str(found.directory)]).output
    assert "seed 3" in printed
    assert "±" in printed


def test_folds_and_seeds_are_every_pair() -> None:
    declared = experiment_from_dict({"dataset": {"type": "synthetic"}, "method": {"type": "rrnet"}})
    over = {"folds": [1, 2], "seeds": [0, 7]}
    found = experiments_over(declared, over)
    assert [(key, place_of(over, key)) for key in found] == [
        ((1, 0), "fold-1-seed-0"),
        ((1, 7), "fold-1-seed-7"),
        ((2, 0), "fold-2-seed-0"),
        ((2, 7), "fold-2-seed-7"),
    ]
    assert [(one.dataset.fold, one.seed) for one in found.values()] == list(found)  # type: ignore[attr-defined]
    assert list(summarise({key: {"test/a": 0.5} for key in found})["test/a"]["values"]) == [
        "1, 0",
        "1, 7",
        "2, 0",
        "2, 7",
    ]


@pytest.mark.parametrize("seeds", [0, [], [1, 1]])
def test_wrong_seeds(seeds: int | list[int]) -> None:
    declared = experiment_from_dict({"dataset": {"type": "synthetic"}, "method": {"type": "rrnet"}})
    with pytest.raises(ConfigError, match="seeds: expected how many, at least one, or a list without repetition"):
        seeds_of(declared, seeds)


@pytest.mark.parametrize("seeds", ["0", "1,1", "x", "-1", ""])
def test_wrong_seeds_on_the_command_line(seeds: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["train", str(small_experiment(tmp_path)), "--seeds", seeds])
    assert done.exit_code == 2
    assert "expected how many, or seeds such as 0,7" in done.output


@pytest.mark.parametrize("content", [{}, {"seeds": []}, {"folds": [1], "seeds": ["a"]}])
def test_damaged_folds_json(tmp_path: Path, content: dict[str, object]) -> None:
    (tmp_path / "folds.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"folds.json: expected whole numbers under '(folds|seeds)'"):
        read_over(tmp_path)


@pytest.mark.parametrize(("device", "seeded"), [("cpu", 0), ("cuda", 1)])
def test_a_step_draws_alike_wherever_it_runs_and_seeds_gpus_where_one_is_used(
    device: str, seeded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", told.append)
    step: Any = StepSeed(5)
    trainer = SimpleNamespace(current_epoch=2, strategy=SimpleNamespace(root_device=torch.device(device)))
    with unchecked():
        step.on_train_batch_start(trainer, None, None, 3)
    number = int(np.random.SeedSequence([5, 2, 4]).generate_state(1)[0])
    assert told == [number] * seeded
    drawn = torch.rand(3), np.random.rand(), random.random()
    assert torch.equal(drawn[0], torch.rand(3, generator=torch.Generator().manual_seed(number)))
    assert drawn[1:] == (np.random.RandomState(number).rand(), random.Random(number).random())
