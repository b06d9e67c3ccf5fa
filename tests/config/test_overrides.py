"""`--set`: what it reaches, and every malformed one."""

from __future__ import annotations

from pathlib import Path

import pytest

from avgraph.config import Experiment, experiment_from_dict, load_experiment
from avgraph.config.marked import marked
from avgraph.config.overrides import apply_overrides
from avgraph.errors import ConfigError
from tests.config.conftest import GOOD, Lines


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD)
    return path


def test_values_are_yaml(good: Path) -> None:
    sets = ["train.epochs=7", "train.optimizer.lr=5e-2", "graph.0.k=9", "output=a=b", "seed= 4"]
    experiment = load_experiment(good, sets)
    assert (experiment.train.epochs, experiment.train.optimizer.lr, experiment.seed) == (7, 0.05, 4)
    assert experiment.output == "a=b"
    assert experiment.graph is not None
    assert experiment.graph[0].arguments()["k"] == 9


def test_a_mapping_of_overrides_is_the_same(good: Path) -> None:
    by_text = load_experiment(good, ["train.epochs=7", "graph.1={type: complete, source: audio, target: label}"])
    step = {"type": "complete", "source": "audio", "target": "label"}
    assert load_experiment(good, {"train.epochs": 7, "graph.1": step}) == by_text
    assert load_experiment(good, {"train": {"epochs": 7}}).train.optimizer.lr == 0.01  # mappings merge


def test_the_last_of_two_wins(good: Path) -> None:
    assert load_experiment(good, ["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize("turn", [1, -1])
def test_a_new_type_drops_the_options_of_the_file_but_no_override(good: Path, turn: int) -> None:
    sets = ["train.optimizer.type=adam", "train.optimizer.lr=0.5"][::turn]
    optimizer = load_experiment(good, sets).train.optimizer
    assert (optimizer.type, optimizer.lr) == ("adam", 0.5)
    assert load_experiment(good, ["dataset={type: esc50}"]).dataset.type == "esc50"


def test_a_dict_takes_overrides_too() -> None:
    base = {"dataset": {"type": "synthetic"}, "method": {"type": "rrnet"}}
    assert isinstance(experiment_from_dict(base, ["seed=5"]), Experiment)


def test_an_empty_mapping_clears(good: Path) -> None:
    assert load_experiment(good, ["encoders={}"]).encoders == {}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("foo", "--set foo: expected KEY=VALUE, got 'foo'"),
        ("", "--set : expected KEY=VALUE, got ''"),
        ("=5", "--set =5: expected KEY=VALUE with a dotted KEY such as train.epochs, got KEY ''"),
        ("a..b=5", "--set a..b=5: expected KEY=VALUE with a dotted KEY such as train.epochs, got KEY 'a..b'"),
        ("train.epochs=x", "--set train.epochs=x: train.epochs: expected a whole number, got 'x'"),
        ("train.epochs=", "--set train.epochs=: train.epochs: expected a whole number, got null"),
        ("train.epoch=5", "--set train.epoch=5: train.epoch: unknown key; did you mean 'epochs'?"),
        ("seed=[1", "--set seed=[1: seed: not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("seed=!!python/name:os x", "--set seed=!!python/name:os x: seed: the tag '!!python/name:os' is not allowed"),
        ("train={epochs: 1, epochs: 2}", "--set train={epochs: 1, epochs: 2}: train.epochs: written twice"),
        ("seed.a=5", "--set seed.a=5: seed.a: cannot be set: seed is 3"),
        ("graph.7.k=5", "--set graph.7.k=5: graph: expected an index into the list, which has 2 entries, 0 to 1, "
         "got '7'"),
        ("graph.first.k=5", "--set graph.first.k=5: graph: expected an index into the list, which has 2 entries, "
         "0 to 1, got 'first'"),
        ("dataset.nodes.0=5",
         "--set dataset.nodes.0=5: dataset.nodes.0: cannot be set: there is no list dataset.nodes"),
        ("a\nb=5", "--set a\\nb=5: 'a\\nb': unknown key; known keys: name, seed, dataset, encoders, graph, method, "
         "train, output, graphml, sweep, extends"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_one_line(lines: Lines, override: str, message: str) -> None:
    assert lines(GOOD, [override]) == [message]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("a=b", "overrides: expected a list of KEY=VALUE or a mapping, got 'a=b'"),
        ({"train.epochs": "x"}, "--set train.epochs=x: train.epochs: expected a whole number, got 'x'"),
        ({"seed": object()}, "--set seed=a Python object: seed: expected plain data as in YAML, got a Python object"),
    ],
)
def test_wrong_overrides_in_python(good: Path, overrides: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_experiment(good, overrides)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_what_is_no_text_is_no_override() -> None:
    tree = marked({"seed": 1})
    for overrides, line in [
        ([("seed",)], "--set ('seed',): expected KEY=VALUE, got a Python tuple"),
        ({"seed.a": None}, "--set seed.a=null: seed.a: cannot be set: seed is 1"),
        ([5], "--set 5: expected KEY=VALUE, got 5"),
        ({5: 1}, "--set 5=1: expected KEY=VALUE with a dotted KEY such as train.epochs, got KEY 5"),
        (None, "overrides: expected a list of KEY=VALUE or a mapping, got null"),
    ]:
        unchanged, problems = apply_overrides(tree, overrides)
        assert unchanged == tree
        assert [problem.line() for problem in problems] == [line]


def test_mistakes_of_overrides_come_after_those_of_the_file(lines: Lines) -> None:
    assert lines(GOOD.replace("k: 3", "k: 0"), ["foo", "seed=-1", "bar"]) == [
        "x.yaml:8: graph.0.k: expected a number of at least 1, got 0",
        "--set foo: expected KEY=VALUE, got 'foo'",
        "--set seed=-1: seed: expected a number of at least 0, got -1",
        "--set bar: expected KEY=VALUE, got 'bar'",
    ]
