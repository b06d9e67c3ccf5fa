"""Whatever is done to a good file: an experiment, or lines that a user can read. Never another error."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from avgraph.config import Experiment, dump_experiment, experiment_from_dict, load_experiment
from avgraph.errors import ConfigError
from tests.config.conftest import GOOD

GOOD_FILES = """\
extends: base.yaml
dataset:
  type: files
  root: ~/data
  nodes: &nodes
    audio: {x: a.npy, y: a.npz:y}
    label: {name: names.txt}
  edges:
    - {source: audio, relation: has, target: label, index: e.npy}
encoders: {audio: {type: precomputed}}
train: {optimizer: {type: adam, lr: 1e-3}}
"""
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["knn", "esc50", "rrnet", "audio", "no_module:X", "os:system", "a:b:c", "~", "base.yaml", "\ud800"]
    ),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def good_or_told(attempt: Any) -> None:
    try:
        experiment, told = attempt(), None
    except ConfigError as error:
        experiment, told = None, str(error)
    if told is None:
        assert isinstance(experiment, Experiment)
        assert isinstance(dump_experiment(experiment), str)
    else:
        assert told.split("\n") == told.splitlines()
        for line in told.splitlines():
            assert line.strip()
            assert line.isprintable()
            assert "Traceback" not in line


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, inner in items for found in [(*path, key), *places(inner, (*path, key))]]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_changed_mapping(data: st.DataObject) -> None:
    tree = copy.deepcopy(yaml.safe_load(GOOD))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(tree) or [("a",)]))
        parent = tree
        for part in path[:-1]:
            parent = parent[part]
        change = data.draw(st.sampled_from(["rename", "delete", "replace"]))
        if change == "replace" or isinstance(parent, list):
            parent[path[-1]] = data.draw(VALUES)
            continue
        old = parent.pop(path[-1], None)
        if change == "rename":
            parent[data.draw(st.text(max_size=6) | st.integers())] = old
    good_or_told(lambda: experiment_from_dict(tree))


def change_text(data: st.DataObject, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    number = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(text)))
    kind = data.draw(st.sampled_from(["twice", "cut", "insert", "remove", "indent", "value"]))
    if kind == "cut":
        return text[:place]
    if kind == "insert":
        junk = st.text(max_size=4) | st.sampled_from(
            ["*a", "&a ", "!!x ", "{", "]", "<<: ", "\t", "\0", "? ", "%", "|"]
        )
        return text[:place] + data.draw(junk) + text[place:]
    if kind == "remove":
        return text[:place] + text[place + data.draw(st.integers(1, 10)) :]
    if kind == "twice":
        lines.insert(number, lines[number])
    elif kind == "indent":
        lines[number] = " " * data.draw(st.integers(0, 5)) + lines[number].lstrip()
    else:
        key = lines[number].partition(":")[0]
        dumped = yaml.safe_dump(data.draw(SCALARS), allow_unicode=False)
        lines[number] = f"{key}: {dumped.splitlines()[0]}\n"
    return "".join(lines)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), start=st.sampled_from([GOOD, GOOD_FILES]))
def test_a_changed_text(data: st.DataObject, start: str) -> None:
    text = start
    for _ in range(data.draw(st.integers(1, 3))):
        text = change_text(data, text)
    overrides = data.draw(
        st.lists(st.text(max_size=12) | st.sampled_from(["train.epochs=x", "graph.0.k=1"]), max_size=2)
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "base.yaml").write_text(GOOD, encoding="utf-8")
        path = Path(folder, "x.yaml")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        good_or_told(lambda: load_experiment(path, overrides))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.yaml")
        path.write_bytes(junk)
        good_or_told(lambda: load_experiment(path))
