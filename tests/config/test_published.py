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

TRAIN_CAME_LATER = {
    "devices": 1,
    "strategy": "auto",
    "nodes": 1,
    "measure_every": 0,
    "monitor": None,
    "goal": "auto",
    "keep": "last",
    "patience": None,
    "log": [],
}
STEPS_CAME_LATER: dict[str, dict[str, Any]] = {"knn": {"target": None, "approximate": None}}


def _options(name: str) -> type[MethodOptions]:
    return METHODS[name]


def _as_now(published: dict[str, Any]) -> dict[str, Any]:
    """With the options that came later, without those that are gone, and with the graph that the method built then."""
    assert published["graph"] is not None or published["method"]["type"] != "rrnet"  # the others added no edges
    kind = _options(published["method"]["type"])
    kept = {key: value for key, value in published["method"].items() if key not in kind.gone}
    moved = {now: published["method"][old] for old, now in kind.moved.items() if old in published["method"]}
    added = {key: value for key, value in kind.came_later.items() if key not in kept}
    unused = kind(**kept).unused()
    kept |= {key: value for key, value in added.items() if key not in unused}
    graph = [{**STEPS_CAME_LATER.get(step["type"], {}), **step} for step in published["graph"] or []]
    train = {**published["train"], **TRAIN_CAME_LATER, **moved}
    return {**published, "method": kept, "train": train, "graph": graph}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_settings_of_a_published_number_stay(name: str) -> None:
    now, published = load_experiment(ROOT / name).to_dict(), PUBLISHED[name]
    assert {key: now[key] for key in published} == _as_now(published)


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
    assert found["method"] == _as_now({**older, "graph": []})["method"]
    assert found["train"] == _as_now({**older, "graph": []})["train"]


def test_a_run_without_a_graph_of_its_own_has_that_of_the_method(tmp_path: Path) -> None:
    older = copy.deepcopy(next(found for found in PUBLISHED.values() if found["method"]["type"] == "rrnet"))
    own = {"source": "audio", "relation": "near", "target": "audio", "index": "edges.npy"}
    nodes = {node: {"x": "x.npy"} for node in ("audio", "label")}
    older |= {"graph": None, "encoders": {}, "dataset": {"type": "files", "nodes": nodes, "edges": [own]}}
    (tmp_path / "config.yaml").write_text(json.dumps(older))
    found = load_run_experiment(tmp_path / "config.yaml")
    assert found.graph is not None
    assert [step.arguments() for step in found.graph] == [
        {"node": "audio", "k": 10, "target": None, "relation": "near", "within": None, "approximate": None},
        {"node": "label", "k": 2, "target": None, "relation": "near", "within": None, "approximate": None},
        {"source": "audio", "target": "label", "relation": "candidate", "k": 20, "add_true": False},
    ]
    again = load_experiment(tmp_path / "config.yaml").graph  # a new run takes the edges that its data declare
    assert [step.edge_type() for step in again or ()] == [("label", "near", "label"), ("audio", "candidate", "label")]


def test_what_an_older_run_asked_of_an_option_that_is_gone_is_told(tmp_path: Path) -> None:
    older = copy.deepcopy(PUBLISHED["configs/lir/ave_insertion.yaml"])
    assert older["method"]["insertion_epochs"]
    del older["encoders"]
    (tmp_path / "config.yaml").write_text(json.dumps(older))
    with pytest.raises(ConfigError, match=r"method\.insertion_epochs: is gone; train a run for each M"):
        load_run_experiment(tmp_path / "config.yaml")


def test_a_run_of_a_method_that_measured_by_itself_is_measured_by_train(tmp_path: Path) -> None:
    older = copy.deepcopy(PUBLISHED["examples/lir_digits.yaml"])
    older["method"]["measure_every"] = 10
    older["dataset"] = {"type": "files", "nodes": {node: {"x": "x.npy"} for node in NODES}}
    (tmp_path / "config.yaml").write_text(json.dumps(older))
    found = load_run_experiment(tmp_path / "config.yaml")
    assert found.train.measure_every == 10
    assert "measure_every" not in found.to_dict()["method"]
    told = r"method\.measure_every: is gone; set train\.measure_every, which measures the split val alone"
    with pytest.raises(ConfigError, match=told):
        load_experiment(tmp_path / "config.yaml")


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
    assert found.to_dict()["method"] == _as_now(PUBLISHED["configs/mltm/paper.yaml"])["method"]
    with pytest.raises(ConfigError, match="temperature: only the loss"):
        load_experiment(tmp_path / "config.yaml")


def test_so_does_one_with_an_option_of_a_data_set_that_had_no_effect(tmp_path: Path) -> None:
    dataset = {"type": "class_paired", "cooccurrence": 0.0, "second_level": 0.5}
    (tmp_path / "config.yaml").write_text(json.dumps({"dataset": dataset, "method": {"type": "lir"}}))
    assert "second_level" not in load_run_experiment(tmp_path / "config.yaml").to_dict()["dataset"]
    with pytest.raises(ConfigError, match=r"dataset\.second_level: no clip has a second class with cooccurrence 0"):
        load_experiment(tmp_path / "config.yaml")
