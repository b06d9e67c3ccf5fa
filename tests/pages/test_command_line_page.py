"""docs/command_line.md has every command, every option and every key of JSON."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from torch_geometric.data import HeteroData

from avgraph.cli import main
from avgraph.cli.json_output import (
    discovery_json,
    embedded_json,
    matching_json,
    predicted_json,
    segmented_json,
    status_json,
)
from avgraph.methods.explanation import Ablation, Explanation, Faithfulness, ImportantEdge, ImportantFeature
from avgraph.methods.predictions import Predictions
from avgraph.runs.fidelity import AblationRow, FidelityRow
from avgraph.tools.catalog import describe
from avgraph.tools.discover import discover_table
from avgraph.tools.embed import Embedded
from avgraph.tools.match import match_tables
from avgraph.tools.predict import Predicted
from avgraph.tools.segment import Segmented

PAGE = (Path(__file__).parents[2] / "docs" / "command_line.md").read_text(encoding="utf-8")


def commands(group: click.Group, name: str = "avgraph") -> Iterator[tuple[str, click.Command]]:
    for word, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def section(title: str) -> str:
    found = re.search(rf"^### `{re.escape(title)}(?: [A-Z ]+)?`\n(.*?)(?=^##)", PAGE, re.M | re.S)
    assert found, f"no section of `{title}` in docs/command_line.md"
    return found[1]


@pytest.mark.parametrize(("name", "command"), list(commands(main)))
def test_every_command_with_every_option_is_on_the_page(name: str, command: click.Command) -> None:
    text = section(name)
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            assert f"### `{name} " in PAGE
            assert re.search(rf"### `{name}[A-Z ]* {parameter.human_readable_name}\b", PAGE), parameter.name
            continue
        for option in (*parameter.opts, *parameter.secondary_opts):
            assert re.search(rf"`{option}[` ]", text), f"{name} {option}"


def test_no_option_is_on_the_page_that_there_is_not() -> None:
    known = {option for _, command in commands(main) for p in command.params for option in (*p.opts, *p.secondary_opts)}
    written = set(re.findall(r"`(--?[a-z][a-z-]*)", PAGE))
    assert written - known == {"-h", "--help"}


def test_every_key_of_json_is_on_the_page(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(20, 2)) @ [[1, 1], [0, 1]])
    found = discover_table(tmp_path / "x.npy", tmp_path / "g.json", bootstraps=1)
    matched = match_tables(tmp_path / "x.npy", tmp_path / "x.npy", tmp_path / "m.json")
    for command, result in (
        ("discover", discovery_json(found)),
        ("match", matching_json(matched)),
        ("embed", embedded_json(Embedded(Path("x"), 1, 1))),
        ("predict", predicted_json(Predicted(Predictions({"name": []}, HeteroData()), []))),
        ("segment", segmented_json(Segmented([Path("x")], 0.1, 0.9, None, 0))),
        ("data show", status_json(describe("synthetic"))),
    ):
        row = re.search(rf"^\| `{command}` \| (.*) \|$", PAGE, re.M)
        assert row
        assert result.keys() <= set(re.findall(r"`(\w+)`", row[1])), command
    parts = {"explain": (Explanation, ImportantEdge, ImportantFeature, Ablation, Faithfulness),
             "explain --predictions": (FidelityRow, AblationRow)}  # fmt: skip
    for command, kinds in parts.items():
        row = re.search(rf"^\| `{command}` \| (.*) \|$", PAGE, re.M)
        assert row
        keys = {field.name for kind in kinds for field in dataclasses.fields(kind)} - {"options", "graph"}
        of_faithfulness = {field.name for field in dataclasses.fields(Faithfulness)}
        known = of_faithfulness if command.endswith("--predictions") else set()  # "as `faithfulness`"
        assert keys - known <= set(re.findall(r"`(\w+)`", row[1])), command
    for edge in discovery_json(found)["edges"]:
        assert all(f"`{key}`" in PAGE for key in edge)
