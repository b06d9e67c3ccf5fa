"""YAML as experiments use it: the scalars of YAML 1.2, no tags that make Python objects, bounded nesting.

PyYAML reads YAML 1.1, where ``5e-4`` is text, ``no`` is false, ``1:30`` is ninety and ``010`` is eight.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.nodes import Node

from avgraph.config.marked import MAX_DEPTH

TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_CORE = (
    ("null", r"~|null|Null|NULL|", [*"~nN", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", _INT.pattern, [*"-+0123456789"]),
    ("float", f"{_FLOAT.pattern}|{_SPECIAL.pattern}", [*"-+.0123456789"]),
    ("merge", r"<<", ["<"]),
)


class CoreLoader(yaml.SafeLoader):
    """Composes YAML text to nodes, whose scalars are resolved by the core schema of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way; filled below
    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        """Refuse what nests so deep that Python would run out of stack."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class CoreDumper(yaml.SafeDumper):
    """Quotes every text that YAML 1.1 or 1.2 would read as something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """A list used twice is written twice."""
        return True


for _name, _pattern, _first in _CORE:
    _regexp = re.compile(rf"^(?:{_pattern})$")
    CoreLoader.add_implicit_resolver(f"{TAG}{_name}", _regexp, _first)
    if _name in ("int", "float"):
        CoreDumper.add_implicit_resolver(f"{TAG}{_name}", _regexp, _first)


def scalar(tag: str, text: str) -> Any:
    """The value of a scalar.

    Raises:
        ValueError: if the text is not what its tag says; the message says so.

    Example:
        >>> scalar(TAG + "float", "5e-4"), scalar(TAG + "int", "010"), scalar(TAG + "bool", "True")
        (0.0005, 10, True)
    """
    kind = tag.removeprefix(TAG)
    if kind == "str":
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise ValueError("half of a surrogate pair is not text")
        return text
    if kind == "null" and text in ("", "~", "null", "Null", "NULL"):
        return None
    if kind == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == "int" and _INT.fullmatch(text):
        if len(text) > 100:
            raise ValueError(f"a whole number of {len(text)} digits is too long")
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if kind == "float" and _FLOAT.fullmatch(text):
        return float(text)
    if kind == "float" and _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    if kind in ("null", "bool", "int", "float"):
        raise ValueError(f"not a YAML {kind}: '{text[:40]}'")
    raise ValueError(f"the tag '{tag.replace(TAG, '!!')}' is not allowed")


def to_yaml(value: Any) -> str:
    """Plain data as YAML text that `CoreLoader` reads back.

    Example:
        >>> print(to_yaml({"lr": 1e-05, "name": "5e-4", "steps": []}), end="")
        lr: 1.0e-05
        name: '5e-4'
        steps: []
    """
    return str(yaml.dump(value, Dumper=CoreDumper, sort_keys=False, allow_unicode=True, width=100))
