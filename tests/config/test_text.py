"""YAML text: what is read, and every way in which a file can be broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from avgraph.config import load_experiment
from avgraph.config.loader import Source, parse
from avgraph.config.marked import Marked, unmarked
from avgraph.errors import ConfigError
from tests.config.conftest import GOOD, SHORT, Lines


def read(text: str) -> object:
    tree, problems = parse(text, Source("x.yaml", ""))
    assert problems == []
    return unmarked(tree)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5e-4", 5e-4),
        ("1e-3", 1e-3),
        ("5e4", 5e4),
        (".5", 0.5),
        ("2.", 2.0),
        ("-1.5E+3", -1500.0),
        ("12", 12),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("true", True),
        ("~", None),
        ("no", "no"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("2024-13-45", "2024-13-45"),
        ("1_000", "1_000"),
        ("e5", "e5"),
        ("'5e-4'", "5e-4"),
        ("!!float 5", 5.0),
        ("!!str 5", "5"),
        ("-.inf", float("-inf")),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    found = read(text)
    assert found == value
    assert isinstance(found, type(value))


def test_anchors_and_merge_keys() -> None:
    text = "a: &a {k: 1, l: 2}\nb: {<<: *a, l: 3}\nc: {<<: [{k: 5}, *a]}\nd: *a\n'<<': quoted\n"
    assert read(text) == {
        "a": {"k": 1, "l": 2},
        "b": {"k": 1, "l": 3},
        "c": {"k": 5, "l": 2},
        "d": {"k": 1, "l": 2},
        "<<": "quoted",
    }


def test_every_value_knows_its_line_and_a_merged_one_where_it_was_written() -> None:
    tree, _ = parse("a: &a\n  k:\n    1\nb:\n  <<: *a\n  m: [1,\n    2]\n", Source("x.yaml", ""))

    def where(node: Marked) -> object:
        if isinstance(node.content, dict):
            return {key: (value.origin.where, where(value)) for key, value in node.content.items()}
        return [item.origin.where for item in node.content] if isinstance(node.content, list) else None

    assert where(tree) == {
        "a": ("x.yaml:1", {"k": ("x.yaml:2", None)}),
        "b": ("x.yaml:4", {"k": ("x.yaml:2", None), "m": ("x.yaml:6", ["x.yaml:6", "x.yaml:7"])}),
    }


def test_the_whole_of_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("\ufeff" + GOOD.replace("\n", "\r\n"), encoding="utf-8")
    experiment = load_experiment(tmp_path / "x.yaml")
    assert (experiment.name, experiment.seed, experiment.output) == ("good", 3, "runs")
    assert experiment.train.optimizer.lr == 0.01
    assert [type(step).__name__ for step in experiment.graph or ()] == ["KnnOptions", "CandidatesOptions"]


ALIAS_BOMB = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 8))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "x.yaml: expected a mapping of options, got nothing"),
        ("# only a comment\n", "x.yaml: expected a mapping of options, got nothing"),
        ("- a\n", "x.yaml: expected a mapping of options, got a list"),
        ("just text\n", "x.yaml: expected a mapping of options, got 'just text'"),
        ("a: [1\nb: 2\n", "x.yaml:2: not valid YAML: expected ',' or ']', but got ':'"),
        ("a:\n\tb: 1\n", "x.yaml:2: not valid YAML: found character '\\t' that cannot start any token; "
         "indent with spaces, not tabs"),
        ("a: *b\n", "x.yaml:1: not valid YAML: found undefined alias 'b'"),
        ("a: 1\n---\nb: 1\n", "x.yaml:2: not valid YAML: but found another document"),
        ('a: 1\nb: "\\UFFFFFFFF"\n', "x.yaml: not valid YAML: Python int too large to convert to C int"),
        ("a: 1\nb: \x07\n", "x.yaml:2: not valid YAML: character '\\x07' is not allowed"),
        ('a: 1\nb: "\\ud800"\n', "x.yaml:2: b: half of a surrogate pair is not text"),
        ("a: 1\nb: !!python/object:os.system x\n",
         "x.yaml:2: b: the tag '!!python/object:os.system' is not allowed"),
        ("a: !mine {b: 1}\n", "x.yaml:1: a: the tag '!mine' is not allowed"),
        ("a: !!set {b}\n", "x.yaml:1: a: the tag '!!set' is not allowed"),
        ("a: !!int 5x\n", "x.yaml:1: a: not a YAML int: '5x'"),
        ("a: " + "1" * 5000 + "\n", "x.yaml:1: a: a whole number of 5000 digits is too long"),
        ("1: a\n", "x.yaml:1: expected text as a key, got 1; put it in quotes"),
        ("a: {? [b] : 1}\n", "x.yaml:1: a: expected text as a key, got a list or a mapping"),
        ("a: {<<: 5}\n", "x.yaml:1: a.<<: expected a mapping, or a list of mappings, to merge"),
        ("a: &a\n  b: *a\n", "x.yaml:2: a.b: an alias refers to a value that it is itself part of"),
        ("a: " + "[" * 5000 + "\n", "x.yaml:1: not valid YAML: nested deeper than 40 levels"),
        ("a:\n  " + "- " * 60 + "1\n", "x.yaml:2: not valid YAML: nested deeper than 40 levels"),
        ("a0: &a0 [1]\n" + ALIAS_BOMB, "more than 10000 values, counting every use of an alias"),
        (b"name: \xff\xfe\n", "x.yaml: not UTF-8 text (byte 0xff on line 1), expected a YAML file"),
        (bytes(range(128, 256)), "x.yaml: not UTF-8 text (byte 0x80 on line 1), expected a YAML file"),
        (b"PK\x03\x04\x00", "x.yaml:1: not valid YAML: character '\\x03' is not allowed"),
        (b"# " + b"x" * (1 << 20), "x.yaml: larger than 1 MiB, expected a YAML file"),
    ],
)  # fmt: skip
def test_a_broken_file_is_one_line(lines: Lines, text: str | bytes, line: str) -> None:
    found = lines(text)
    assert len(found) == 1
    assert found[0].endswith(line)


def test_keys_written_twice_are_told_with_both_lines_beside_other_mistakes(lines: Lines) -> None:
    text = SHORT + "train:\n  epochs: 1\n  epochs: x\n  thread: 1\nseed: 1\nseed: 2\n"
    assert lines(text) == [
        "x.yaml:5: train.epochs: written twice, on lines 4 and 5",
        "x.yaml:6: train.thread: unknown key; did you mean 'threads'?",
        "x.yaml:8: seed: written twice, on lines 7 and 8",
    ]
    assert lines("a: &a {k: 1}\nb:\n  <<: *a\n  <<: *a\n" + SHORT)[-1] == (
        "x.yaml:4: b.<<: written twice, on lines 3 and 4"
    )


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("absent.yaml", "absent.yaml: no such file"),
        (".", ".: is a folder, expected a YAML file"),
        ("x" * 300, "x" * 300 + ": cannot be read: File name too long"),
        ("a\0b", "a\\x00b: cannot be read: embedded null byte"),
        ("a\nb", "a\\nb: no such file"),
    ],
)
def test_a_file_that_cannot_be_read(path: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    assert str(caught.value) == message
