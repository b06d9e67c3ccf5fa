"""Defaults may change; what a published number was made with may not.

``published.json`` holds what every configuration and example resolved to before methods had defaults of their own.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from avgraph.config import MethodOptions, load_experiment, load_run_experiment
from avgraph.config.builtin import METHODS
from avgraph.errors import ConfigError

NODES = ("audio", "label", "visual", "text")
ROOT = Path(__file__).parents[2]
PUBLISHED: dict[str, Any] = json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))


def _options(name: str) -> type[MethodOptions]:
    options = METHODS[name].options
    assert issubclass(options, MethodOptions)
    return options


ADDED: dict[str, dict[str, Any]] = {name: dict(_options(name).came_later) for name in METHODS}
"""Method → options that came later, with the value that leaves a published number what it was."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_settings_of_a_published_number_stay(name: str) -> None:
    now, published = load_experiment(ROOT / name).to_dict(), PUBLISHED[name]
    method = {**ADDED[published["method"]["type"]], **published["method"]}
    assert {key: now[key] for key in published} == {**published, "method": method}


def test_every_file_is_held() -> None:
    files = [*ROOT.glob("examples/*.yaml"), *ROOT.glob("configs/*/*.yaml")]
    assert {path.relative_to(ROOT).as_posix() for path in files} >= set(PUBLISHED)


@pytest.mark.parametrize("name", METHODS)
def test_a_run_from_before_an_option_came_stays_what_it_was(tmp_path: Path, name: str) -> None:
    older = next(copy.deepcopy(found) for found in PUBLISHED.values() if found["method"]["type"] == name)
    older["dataset"] = {"type": "files", "nodes": {node: {"x": "x.npy"} for node in NODES}}
    del older["graph"], older["encoders"]
    (tmp_path / "config.yaml").write_text(json.dumps(older))
    found = load_run_experiment(tmp_path / "config.yaml").to_dict()
    assert found["method"] == {**ADDED[name], **older["method"]}
    assert found["train"] == older["train"]


def test_a_run_from_before_an_option_without_effect_was_a_mistake_still_loads(tmp_path: Path) -> None:
    older = copy.deepcopy(PUBLISHED["configs/mltm/paper.yaml"])
    older["dataset"] = {"type": "files", "nodes": {node: {"x": "x.npy"} for node in NODES}}
    older["method"] |= {"temperature": 0.07, "entropy_weight": 0.05, "margin": 0.2}
    older["graph"] = [
        {"type": "coupling_edges", "source": "audio", "target": "text", "solver": "emd", "epsilon": 0.05, "tol": 1e-6}
    ]
    modulation = {"type": "logmel_modulation", "scores": False}
    cnn = {**PUBLISHED["configs/rrnet/esc50.yaml"]["encoders"]["audio"], "out_of_fold": False}
    older["encoders"] = {"audio": {**modulation, "shrinkage": 0.4}, "text": [cnn]}
    (tmp_path / "config.yaml").write_text(json.dumps(older))
    found = load_run_experiment(tmp_path / "config.yaml")
    del cnn["inner_epochs"]
    assert found.to_dict()["encoders"] == {"audio": modulation, "text": [cnn]}
    assert found.to_dict()["method"] == PUBLISHED["configs/mltm/paper.yaml"]["method"]
    with pytest.raises(ConfigError, match="temperature: only the loss"):
        load_experiment(tmp_path / "config.yaml")


def test_so_does_one_with_an_option_of_a_data_set_that_had_no_effect(tmp_path: Path) -> None:
    dataset = {"type": "class_paired", "cooccurrence": 0.0, "second_level": 0.5}
    (tmp_path / "config.yaml").write_text(json.dumps({"dataset": dataset, "method": {"type": "lir"}}))
    assert "second_level" not in load_run_experiment(tmp_path / "config.yaml").to_dict()["dataset"]
    with pytest.raises(ConfigError, match=r"dataset\.second_level: no clip has a second class with cooccurrence 0"):
        load_experiment(tmp_path / "config.yaml")
