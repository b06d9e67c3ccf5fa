"""Defaults of training by method: beneath what is written, in YAML and in Python, and never across optimizers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from avgraph.config import (
    Experiment,
    OptimizerOptions,
    RrnetOptions,
    TrainOptions,
    dump_experiment,
    experiment_schema,
    load_experiment,
)
from avgraph.config.builtin import METHODS
from avgraph.config.defaults import with_train_defaults
from avgraph.datasets import Synthetic
from tests.config.conftest import SHORT, Lines

OPTIMIZER = {"type": "adamw", "lr": 0.25, "weight_decay": 0.5}
GENERAL = TrainOptions()


@pytest.fixture(autouse=True)
def defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of RR-Net: such as nobody would choose."""
    given = {"epochs": 7, "optimizer": OPTIMIZER, "schedule": "one_cycle"}
    monkeypatch.setattr(RrnetOptions, "train_defaults", given)


def train_of(folder: Path, text: str, *overrides: str) -> TrainOptions:
    (folder / "x.yaml").write_text(SHORT + text)
    return load_experiment(folder / "x.yaml", overrides).train


def test_where_nothing_is_written_a_method_has_its_own(tmp_path: Path) -> None:
    for text in ("", "train: {}\n", "train: {optimizer: {}}\n"):
        train = train_of(tmp_path, text)
        assert (train.epochs, train.schedule, train.optimizer) == (7, "one_cycle", OptimizerOptions(**OPTIMIZER))
        assert train.checkpoint_every == GENERAL.checkpoint_every


def test_what_is_written_wins_key_by_key(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("train: {schedule: constant}\n")
    train = train_of(tmp_path, "extends: base.yaml\ntrain: {optimizer: {lr: 0.1}}\n", "train.epochs=3")
    assert (train.epochs, train.schedule) == (3, "constant")
    assert train.optimizer == OptimizerOptions(type="adamw", lr=0.1, weight_decay=0.5)


def test_an_optimizer_of_another_type_takes_nothing_over(tmp_path: Path, lines: Lines) -> None:
    train = train_of(tmp_path, "train: {optimizer: {type: sgd, lr: 0.1}}\n")
    assert train.optimizer == OptimizerOptions(type="sgd", lr=0.1)
    assert train.epochs == 7
    assert lines(SHORT + "train: {optimizer: {type: sgd}}\n") == [
        "x.yaml:3: train.optimizer.lr: missing required key (adamw alone has a default)"
    ]


def test_in_python_what_was_set_is_what_was_written() -> None:
    def train(*given: Any) -> TrainOptions:
        parts: dict[str, Any] = {"train": given[0]} if given else {}
        return Experiment(dataset=Synthetic(), method=RrnetOptions(), **parts).train

    assert train().epochs == 7
    some = train(TrainOptions(schedule="constant"))
    assert (some.epochs, some.schedule, some.optimizer.lr) == (7, "constant", 0.25)
    whole = OptimizerOptions(lr=0.1)
    assert train(TrainOptions(optimizer=whole)).optimizer == whole  # 5e-4, not the method's 0.5: it was built already
    assert train({"optimizer": {"lr": 0.1}}).optimizer.weight_decay == 0.5


def test_a_run_says_everything_and_other_defaults_later_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_text(SHORT)
    text = dump_experiment(load_experiment(tmp_path / "x.yaml"))
    assert yaml.safe_load(text)["train"] == {
        **{"epochs": 7, "optimizer": OPTIMIZER, "schedule": "one_cycle", "device": "auto"},
        **{"precision": "32-true", "checkpoint_every": 10, "threads": 2},
        **{"measure_every": 0, "monitor": None, "goal": "auto", "keep": "last", "patience": None, "log": []},
        **{"devices": 1, "strategy": "auto", "nodes": 1},
    }
    monkeypatch.setattr(RrnetOptions, "train_defaults", {"epochs": 1, "optimizer": {"type": "sgd", "lr": 3}})
    (tmp_path / "config.yaml").write_text(text)
    assert dump_experiment(load_experiment(tmp_path / "config.yaml")) == text


def test_a_method_of_the_user_has_the_general_ones(tmp_path: Path) -> None:
    own = "dataset: {type: synthetic}\nmethod: {type: tests.config.test_defaults:Own}\n"
    (tmp_path / "x.yaml").write_text(own)
    assert load_experiment(tmp_path / "x.yaml").train == GENERAL
    assert (GENERAL.optimizer.type, GENERAL.schedule) == ("adamw", "cosine")


class Own:
    """A user's method, as far as its options go."""


def test_mistakes_beneath_are_told_once_and_where_they_are(lines: Lines) -> None:
    assert lines(SHORT.replace("rrnet", "rnet") + "train: {epochs: x}\n") == [
        "x.yaml:2: method.type: unknown method 'rnet'; did you mean 'rrnet'?",
        "x.yaml:3: train.epochs: expected a whole number, got 'x'",
    ]


def test_the_schema_names_them() -> None:
    rrnet = experiment_schema()["properties"]["method"]["oneOf"][0]
    assert rrnet["properties"]["type"]["const"] == "rrnet"
    described = rrnet["description"]
    assert "epochs 7, optimizer (type adamw, lr 0.25, weight_decay 0.5), schedule one_cycle" in described


@pytest.mark.parametrize("name", METHODS)
def test_those_of_every_method_are_valid(name: str) -> None:
    TrainOptions.model_validate(with_train_defaults({"method": {"type": name}})["train"])
