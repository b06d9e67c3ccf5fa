"""Every option does what its row of the table says, and nothing else moves what the row looks at."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from avgraph.config import Experiment
from avgraph.config.builtin import DATASETS, ENCODERS, METHODS, TRANSFORMS
from avgraph.options.base import DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.options.strict import Options
from tests.wiring.mutant_list import KINDS
from tests.wiring.row import Component, Row, same
from tests.wiring.table import COMPONENTS

ROOT = Path(__file__).parents[2]
ROWS = [(component, row) for component in COMPONENTS for row in component.rows]
OF_A_KIND = (DatasetOptions, EncoderOptions, MethodOptions, TransformOptions)


@cache
def _made(name: str, options: str, time: int) -> Any:
    component = next(component for component in COMPONENTS if component.name == name)
    return component.make(json.loads(options))


def _observed(component: Component, row: Row, options: Mapping[str, Any], time: int = 0) -> Any:
    return row.sees.read(_made(component.name, json.dumps({**component.base, **options}), time))


@pytest.mark.parametrize(
    ("component", "row"), ROWS, ids=[f"{component.name}: {row.title()}" for component, row in ROWS]
)
def test_the_option_does_what_its_row_says(component: Component, row: Row) -> None:
    before = _observed(component, row, row.base)
    assert same(before, _observed(component, row, row.base, time=1)), "it moves by itself"
    after = _observed(component, row, {**row.base, row.option: row.to})
    assert row.then.holds(before, after), f"before: {before}\nafter: {after}"


def _classes(options: type[Options]) -> Iterator[type[Options]]:
    """A class of options and those that its fields hold."""
    yield options
    for field in options.model_fields.values():
        waiting = [field.annotation]
        while waiting:
            found = waiting.pop()
            if isinstance(found, type) and issubclass(found, Options) and found not in OF_A_KIND:
                yield from _classes(found)
            waiting += get_args(found)


def _options() -> list[tuple[type[Options], str]]:
    tables: tuple[Mapping[str, type[Options]], ...] = (DATASETS, ENCODERS, TRANSFORMS, METHODS)
    start = [Experiment, *(options for table in tables for options in table.values())]
    classes = dict.fromkeys(found for options in start for found in _classes(options))
    return [
        (options, name)
        for options in classes
        for name, field in options.model_fields.items()
        if name != "type" or len(get_args(field.annotation)) > 1
    ]


@pytest.mark.parametrize(("options", "name"), _options(), ids=[f"{o.__name__}.{n}" for o, n in _options()])
def test_every_option_has_a_row(options: type[Options], name: str) -> None:
    component = next((component for component in COMPONENTS if component.options is options), None)
    assert component is not None, f"add a Component of {options.__name__} to tests/wiring"
    rows = [row for row in component.rows if row.option == name]
    if name in component.exempt:
        assert component.exempt[name]
        assert not rows, "it has a row: it need not be exempt"
    else:
        assert rows, f"tests/wiring: say what {component.name}: {name} does, as a row of its own"


@pytest.mark.parametrize("component", COMPONENTS, ids=[component.name for component in COMPONENTS])
def test_rows_are_of_options_that_there_are(component: Component) -> None:
    for option in (*component.exempt, *(row.option for row in component.rows)):
        assert option in component.options.model_fields


@pytest.mark.parametrize("kind", KINDS)
def test_mutants_are_of_code_that_there_is(kind: str) -> None:
    for mutant in KINDS[kind]:
        path = ROOT / f"{mutant.module.replace('.', '/')}.py"
        assert path.read_text(encoding="utf-8").count(mutant.old) == 1, f"{mutant.module}: {mutant.old!r}"
