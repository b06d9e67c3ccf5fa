"""The configuration is read without torch, and its table fits the classes that it names."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import avgraph
from avgraph.config.builtin import DATASETS, ENCODERS, METHODS, TRANSFORMS
from avgraph.methods.task import Task
from avgraph.options.base import ComponentOptions, MethodOptions


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


def test_private_modules_are_of_their_own_room() -> None:
    """A module ``_name`` is known to the modules beside it alone."""
    root = Path(avgraph.__file__).parents[1]
    files = {".".join(path.relative_to(root).with_suffix("").parts): path for path in root.glob("avgraph/**/*.py")}
    found = [
        (name, private)
        for name, path in files.items()
        for private in re.findall(r"^ *from (avgraph[.\w]*\._\w+) import", path.read_text(encoding="utf-8"), re.M)
        if private.rpartition(".")[0] != name.removesuffix(".__init__").rpartition(".")[0]
        and private.rpartition(".")[0] != name.removesuffix(".__init__")
    ]
    assert found == []
    assert any("._" in name for name in files)


@pytest.mark.parametrize("options", METHODS.values(), ids=list(METHODS))
def test_a_method_has_the_options_that_it_was_made_of(options: type[MethodOptions]) -> None:
    made = options()
    task = made.task()
    assert isinstance(task, Task)
    assert task.options is made  # type: ignore[comparison-overlap]


EVERY = {**DATASETS, **ENCODERS, **TRANSFORMS, **METHODS}


@pytest.mark.parametrize("options", EVERY.values(), ids=list(EVERY))
def test_every_option_has_its_sentence(options: type[ComponentOptions]) -> None:
    told = inspect.cleandoc(options.__doc__ or "").partition("Attributes:\n")[2]
    named = re.findall(r"^    (\w+(?:, \w+)*):", re.split(r"^\w+:", told, flags=re.M)[0], re.M)
    assert sorted(", ".join(named).split(", ")) == sorted(key for key in options.model_fields if key != "type")
