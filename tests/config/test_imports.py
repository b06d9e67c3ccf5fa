"""The configuration is read without torch, and its table fits the classes that it names."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest

from avgraph.config.builtin import DATASETS, ENCODERS, METHODS, TRANSFORMS, Builtin, import_target
from avgraph.methods.task import Task
from avgraph.options.base import MethodOptions

ROWS = {**DATASETS, **ENCODERS, **TRANSFORMS}


def test_no_torch() -> None:
    code = """
import sys
from avgraph.config import experiment_from_dict, experiment_schema
experiment_from_dict({"dataset": {"type": "esc50"}, "method": {"type": "rrnet"}})
experiment_schema()
print(sorted({"torch", "numpy", "torch_geometric", "pandas"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", ROWS)
def test_options_are_the_keyword_arguments_of_the_class(name: str) -> None:
    row: Builtin = ROWS[name]
    parameters = inspect.signature(import_target(row.target)).parameters
    fields = {key: field for key, field in row.options.model_fields.items() if key != "type"}
    assert set(fields) <= set(parameters)
    for key, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty:
            assert key in fields, f"{row.target} demands {key}, which no option gives"
    same = {key: field.default for key, field in fields.items() if not field.is_required()}
    default = {key: parameters[key].default for key in same}
    assert {k: list(v) if isinstance(v, tuple) else v for k, v in default.items()} == same


@pytest.mark.parametrize("options", METHODS.values(), ids=list(METHODS))
def test_a_method_has_the_options_that_it_was_made_of(options: type[MethodOptions]) -> None:
    made = options()
    task = made.task()
    assert isinstance(task, Task)
    assert task.options is made  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("options", METHODS.values(), ids=list(METHODS))
def test_every_option_of_a_method_has_its_sentence(options: type[MethodOptions]) -> None:
    told = (options.__doc__ or "").partition("Attributes:")[2].partition("Example:")[0]
    assert re.findall(r"^        (\w+):", told, re.M) == [key for key in options.model_fields if key != "type"]
