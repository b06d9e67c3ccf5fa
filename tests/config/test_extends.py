"""`extends`: what carries over, and where a mistake in a merged experiment points."""

from __future__ import annotations

from pathlib import Path

import pytest

from avgraph.config import load_experiment
from avgraph.config.marked import marked, unmarked
from avgraph.config.merge import merge
from tests.config.conftest import GOOD, SHORT, Lines


def merged(base: dict[str, object], over: dict[str, object]) -> object:
    return unmarked(merge(marked(base), marked(over)))


def test_mappings_merge_and_lists_replace() -> None:
    assert merged({"a": {"b": 1, "c": [1, 2]}, "d": 1}, {"a": {"c": [3], "e": None}}) == {
        "a": {"b": 1, "c": [3], "e": None},
        "d": 1,
    }


def test_options_of_another_type_do_not_carry_over() -> None:
    base = {"dataset": {"type": "esc50", "fold": 2}}
    assert merged(base, {"dataset": {"type": "synthetic"}}) == {"dataset": {"type": "synthetic"}}
    assert merged(base, {"dataset": {"type": "esc50", "root": "x"}}) == {
        "dataset": {"type": "esc50", "fold": 2, "root": "x"}
    }
    assert merged(base, {"dataset": {"root": "x"}}) == {"dataset": {"type": "esc50", "fold": 2, "root": "x"}}


def test_what_a_later_layer_leaves_without_effect_falls_away(tmp_path: Path) -> None:
    dataset = "dataset: {type: class_paired}"
    (tmp_path / "base.yaml").write_text(f"{dataset}\nmethod: {{type: lir, weighting: soft, margin: 2.0}}\n")
    (tmp_path / "row.yaml").write_text("extends: base.yaml\nmethod: {interaction_weight: 0}\n")
    by_file = load_experiment(tmp_path / "row.yaml")
    by_override = load_experiment(tmp_path / "base.yaml", ["method.interaction_weight=0"])
    for found in (by_file, by_override):
        method = found.to_dict()["method"]
        assert "weighting" not in method
        assert method["margin"] == 2.0
    step = "{type: coupling_edges, source: audio, target: visual, tol: 0.1}"
    (tmp_path / "step.yaml").write_text(f"graph: [{step}]\n{dataset}\nmethod: {{type: lir}}\n")
    steps = load_experiment(tmp_path / "step.yaml", ["graph.0.solver=emd"]).to_dict()["graph"]
    assert "tol" not in steps[0]


def test_what_one_layer_writes_without_effect_is_a_mistake(lines: Lines) -> None:
    base = "dataset: {type: class_paired}\nmethod: {type: lir, weighting: soft}\n"
    why = "method.weighting: nothing is regularised (interaction_weight is 0)"
    assert lines("extends: base.yaml\nmethod: {interaction_weight: 0, weighting: hard}\n", base=base) == [
        f"x.yaml:2: {why}"
    ]
    switch, option = "method.interaction_weight=0", "method.weighting=soft"
    for overrides in ([switch, option], [option, switch]):
        assert lines(base, overrides) == [f"--set {option}: {why}"]
    off = base.replace("soft", "soft, interaction_weight: 0")
    assert lines(off, ["method.margin=2"]) == [f"x.yaml:2: {why}"]


def test_a_mapping_without_a_type_has_none_that_could_change() -> None:
    base = {"train": {"optimizer": {"lr": 1}}}
    assert merged(base, {"train": {"optimizer": {"type": "sgd"}}}) == {"train": {"optimizer": {"lr": 1, "type": "sgd"}}}


def test_an_empty_mapping_clears() -> None:
    assert merged({"encoders": {"audio": {"type": "hashing"}}}, {"encoders": {}}) == {"encoders": {}}


def test_a_chain_and_a_list_of_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.yaml").write_text(GOOD)
    (tmp_path / "sub" / "fast.yaml").write_text("train: {epochs: 0, threads: 1}\nseed: 8\n")
    (tmp_path / "sub" / "middle.yaml").write_text("extends: [../base.yaml, fast.yaml]\nseed: 9\n")
    (tmp_path / "x.yaml").write_text("extends: sub/middle.yaml\nmethod: {dropout: 0.5}\n")
    experiment = load_experiment(tmp_path / "x.yaml")
    assert (experiment.name, experiment.seed) == ("good", 9)
    assert (experiment.train.epochs, experiment.train.threads, experiment.train.optimizer.lr) == (0, 1, 0.01)
    assert experiment.method.arguments()["hidden_channels"] == 8
    assert experiment.method.arguments()["dropout"] == 0.5


def test_a_file_extended_twice_on_different_ways_is_no_cycle(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(SHORT)
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text("extends: base.yaml\n")
    (tmp_path / "x.yaml").write_text("extends: [a.yaml, b.yaml]\n")
    assert load_experiment(tmp_path / "x.yaml").name == "x"


def test_a_mistake_points_to_the_file_that_wrote_it(lines: Lines) -> None:
    found = lines(
        "extends: sub/base.yaml\ntrain: {device: gpu}\n",
        sub__base="extends: root.yaml\ndataset: {type: synthetic, clases: 3}\ntrain:\n  epochs: -1\n",
        sub__root="seed: a\n" + SHORT,
    )
    assert found == [
        "x.yaml:2: train.device: expected auto, cpu, cuda or cuda:N, got 'gpu'",
        "sub/base.yaml:2: dataset.clases: unknown key; did you mean 'classes'?",
        "sub/base.yaml:4: train.epochs: expected a number of at least 0, got -1",
        "sub/root.yaml:1: seed: expected a whole number, got 'a'",
    ]


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("absent.yaml", "x.yaml:2: extends: absent.yaml: no such file"),
        ("sub", "x.yaml:2: extends: sub: is a folder, expected a YAML file"),
        ("[b.yaml, [c]]", "x.yaml:2: extends.1: expected a path or a list of paths, got a list"),
        ("5", "x.yaml:2: extends: expected a path or a list of paths, got 5"),
        ("''", "x.yaml:2: extends: expected a path or a list of paths, got ''"),
        ("x.yaml", "x.yaml:2: extends: extends itself: x.yaml -> x.yaml"),
        ("sub/cycle.yaml", "sub/cycle.yaml:1: extends: extends itself: x.yaml -> sub/cycle.yaml -> x.yaml"),
        ("b.yaml", "b.yaml:1: not valid YAML: expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_a_file_that_cannot_be_extended(lines: Lines, extends: str, message: str) -> None:
    b = SHORT if "[b" in extends else "a: [1"
    assert lines(f"seed: 0\nextends: {extends}\n", sub__cycle="extends: ../x.yaml\n", b=b) == [message]


def test_all_unreadable_bases_are_told(lines: Lines) -> None:
    assert lines("extends:\n  - a.yaml\n  - b.yaml\n  - c.yaml\n", b="a: *b\n") == [
        "x.yaml:2: extends.0: a.yaml: no such file",
        "x.yaml:4: extends.2: c.yaml: no such file",
        "b.yaml:1: not valid YAML: found undefined alias 'b'",
    ]


def test_a_long_chain_ends(lines: Lines) -> None:
    files = {f"f{i}": f"extends: f{i + 1}.yaml\n" for i in range(30)}
    assert lines("extends: f0.yaml\n", **files) == ["f18.yaml:1: extends: more than 20 files deep"]
