"""Experiments that no user writes by hand: still few lines, at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from avgraph.config import load_experiment
from avgraph.errors import ConfigError

GOOD = "dataset: {type: synthetic}\nmethod: {type: rrnet}\n"


def told(text: str, folder: Path, *overrides: str) -> list[str]:
    path = folder / "a.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_experiment(path, overrides)
    lines = str(caught.value).replace(f"{folder}/", "").split("\n")
    assert all(line.isprintable() and len(line) < 500 for line in lines)
    return lines


def test_ten_mistakes_and_a_count(tmp_path: Path) -> None:
    lines = told(GOOD + "".join(f"key{k}: 1\n" for k in range(900)), tmp_path)
    assert len(lines) == 11
    assert lines[0].startswith("a.yaml:3: key0: unknown key")
    assert lines[9].startswith("a.yaml:12: key9: unknown key")
    assert lines[10] == "and 890 more mistakes"
    assert len(told(GOOD + "".join(f"key{k}: 1\n" for k in range(10)), tmp_path)) == 10


def test_numbers_of_5000_digits(tmp_path: Path) -> None:
    assert told(GOOD + f"seed: {'9' * 5000}\n", tmp_path) == [
        "a.yaml:3: seed: a whole number of 5000 digits is too long"
    ]
    (line,) = told(GOOD, tmp_path, f"seed={'9' * 5000}")
    assert line.endswith("...: seed: a whole number of 5000 digits is too long")


def test_nul_and_very_long_names_in_extends(tmp_path: Path) -> None:
    (line,) = told('extends: "a\\0b.yaml"\n' + GOOD, tmp_path)
    assert line == r"a.yaml:1: extends: no file can have the character NUL in its name, got 'a\x00b.yaml'"
    (line,) = told(f"extends: {'x' * 5000}\n" + GOOD, tmp_path)
    assert line.endswith("...: cannot be read: File name too long")
