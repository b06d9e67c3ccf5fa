"""Plain data of which every part knows where it was written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from avgraph.options.problems import Mistakes, Origin, Path, Problem, show

MAX_DEPTH = 40


@dataclass(frozen=True)
class Marked:
    """A scalar, a ``dict[str, Marked]`` or a ``list[Marked]``, and its origin."""

    content: Any
    origin: Origin


class WrittenText(str):
    """Text that knows the folder of the file it was written in, so that a relative path can start there."""

    folder: str

    def __new__(cls, text: str, folder: str) -> WrittenText:
        """Text and the folder of its file."""
        made = super().__new__(cls, text)
        made.folder = folder
        return made


def unmarked(tree: Marked) -> Any:
    """The plain data; its texts are `WrittenText`.

    Example:
        >>> unmarked(marked({"a": [1, None]}))
        {'a': [1, None]}
    """
    content = tree.content
    if isinstance(content, dict):
        return {key: unmarked(value) for key, value in content.items()}
    if isinstance(content, list):
        return [unmarked(value) for value in content]
    return WrittenText(content, tree.origin.folder) if isinstance(content, str) else content


def locate(tree: Marked, path: Path) -> Origin:
    """Origin of the value at ``path``, or of the innermost part that holds where it should be.

    Example:
        >>> tree = marked({"a": {"b": 1}}, Origin("x.yaml:1"))
        >>> locate(tree, ("a", "missing")).where
        'x.yaml:1'
    """
    for part in path:
        content = tree.content
        held = content if isinstance(content, dict) else dict(enumerate(content if isinstance(content, list) else ()))
        if part not in held:
            break
        tree = held[part]
    return tree.origin


def marked(value: Any, origin: Origin | None = None) -> Marked:
    """Mark data that was given in Python; relative paths in it start from the working directory.

    Mappings become dicts, tuples lists, and paths text.

    Raises:
        ConfigError: for a key that is not text, an object that YAML cannot hold, or data that holds itself.
    """
    problems: list[Problem] = []
    steps = count()

    def walk(value: Any, path: Path) -> Marked:
        here = origin or Origin(folder=os.getcwd(), position=(0, next(steps), 0))
        content: Any
        if len(path) > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels, or holds itself"
            problems.append(Problem(here, path[:3], message))
            content = None
        elif isinstance(value, Mapping):
            for key in value:
                if not isinstance(key, str):
                    problems.append(Problem(here, path, f"expected text as a key, got {show(key)}"))
            content = {str(k): walk(v, (*path, str(k))) for k, v in value.items() if isinstance(k, str)}
        elif isinstance(value, (list, tuple)):
            content = [walk(item, (*path, i)) for i, item in enumerate(value)]
        elif isinstance(value, os.PathLike):
            content = os.fsdecode(value)
        elif value is None or isinstance(value, bool):
            content = value
        elif isinstance(value, (str, int, float)):  # subclasses, such as NumPy's float64, become plain
            content = next(kind(value) for kind in (str, int, float) if isinstance(value, kind))
        else:
            problems.append(Problem(here, path, f"expected plain data as in YAML, got {show(value)}"))
            content = None
        return Marked(content, here)

    tree = walk(value, ())
    if problems:
        raise Mistakes(problems)
    return tree
