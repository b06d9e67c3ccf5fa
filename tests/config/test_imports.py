"""The configuration is read without torch, and its table fits the classes that it names."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from avgraph.config.builtin import METHODS
from avgraph.methods.task import Task
from avgraph.options.base import MethodOptions


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
