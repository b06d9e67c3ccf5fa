"""The configuration is read without torch, and its table fits the classes that it names."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from avgraph.config.builtin import DATASETS, ENCODERS, METHODS, TRANSFORMS, Builtin, import_target

ROWS = {**DATASETS, **ENCODERS, **TRANSFORMS, **METHODS}


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
    if getattr(import_target(row.target), "takes_options", False):
        assert list(parameters) == ["options"]  # it reads the options themselves: there is no twin to differ
        return
    fields = {key: field for key, field in row.options.model_fields.items() if key != "type"}
    assert set(fields) <= set(parameters)
    for key, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty:
            assert key in fields, f"{row.target} demands {key}, which no option gives"
    same = {key: field.default for key, field in fields.items() if not field.is_required()}
    default = {key: parameters[key].default for key in same}
    assert {k: list(v) if isinstance(v, tuple) else v for k, v in default.items()} == same
