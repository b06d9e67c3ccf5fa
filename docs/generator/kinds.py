"""What an option takes, in words, from its JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

_NAMES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
_PLURALS = {"text": "texts", "whole number": "whole numbers", "number": "numbers"}
_SIGNS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def kind(part: Mapping[str, Any]) -> str:
    """What a value may be.

    Example:
        >>> kind({"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 1}, {"type": "null"}]})
        'number > 0, ≤ 1; or none'
        >>> kind({"type": "array", "items": {"enum": ["download", "synthetic"]}})
        'list of `download`, `synthetic`'
    """
    choices = part.get("anyOf") or part.get("oneOf")
    if choices:
        told = [kind(choice) for choice in choices if choice.get("type") != "null"]
        return "; or ".join([*told, "none"] if len(told) < len(choices) else told)
    if "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower().replace('.', '')})"
    if "const" in part or "enum" in part:
        return ", ".join(f"`{value}`" for value in part.get("enum", [part.get("const")]))
    if part.get("type") == "array":
        items = kind(part["items"]) if part.get("items") else "values"
        return f"list of {_PLURALS.get(items, items)}"
    if part.get("type") == "object":
        values = part.get("additionalProperties")
        return f"mapping of names to {kind(values)}" if isinstance(values, Mapping) else "mapping"
    ends = [
        f"{sign} {part[key]:g}" if part[key] < 1e6 else f"{sign} {part[key]}"
        for key, sign in _SIGNS.items()
        if key in part
    ]
    return " ".join([_NAMES[part["type"]], ", ".join(ends)]).strip()


def written(value: Any) -> str:
    """A default as YAML has it, in one line.

    Example:
        >>> written(None), written({"type": "adamw", "lr": 0.001}), written([])
        ('none', '`{type: adamw, lr: 0.001}`', '`[]`')
    """
    if value is None:
        return "none"
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"
