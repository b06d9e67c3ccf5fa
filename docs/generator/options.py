"""The option reference: a page per kind of component, each option with what it takes, its default and its sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from avgraph.config import experiment_schema
from docs.generator.kinds import kind, written

_ELSEWHERE = {
    "dataset": "[a data set](datasets.md)",
    "encoders": "mapping of node types to [an encoder](encoders.md), or a list of them",
    "graph": "list of [transforms](transforms.md); or none",
    "method": "[a method](methods.md)",
}
"""Keys whose options stand on a page of their own."""
_PLACES = {
    "TrainOptions": "train",
    "OptimizerOptions": "train.optimizer",
    "SweepOptions": "sweep",
    "Range": "sweep.options",
    "NodeFiles": "files.nodes",
    "EdgeFiles": "files.edges",
    "RandomSplit": "files.nodes.random_split",
    "DrawnSplit": "recordings.random_split",
    "HeldOutFiles": "spaces.held_out",
    "LocalisationFiles": "spaces.localisation",
}
"""Where a part stands in a file; one that is not here is called as its class is."""
_OWN = "`type` may also name a class of yours, as `my_package.module:MyClass`: [how](../../extending.md)."


def option_pages() -> dict[str, str]:
    """Name of a page → its text, in MyST Markdown."""
    schema = _renamed(experiment_schema())
    keys, parts = schema["properties"], schema["$defs"]
    pages = {
        "experiment": _experiment(keys),
        "datasets": _components("Data sets", "dataset: {%s}", keys["dataset"]),
        "encoders": _components("Encoders", "encoders: {audio: {%s}}", keys["encoders"]["additionalProperties"]),
        "transforms": _components("Transforms", "graph: [{%s}]", keys["graph"]["anyOf"][0]["items"]),
        "methods": _components("Methods", "method: {%s}", keys["method"]),
    }
    return {page: "\n".join([*lines, *_parts(lines, parts)]) for page, lines in pages.items()}


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its parts called as a user writes them."""
    text = json.dumps(schema)
    for name, place in _PLACES.items():
        text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{place}"')
    made: dict[str, Any] = json.loads(text)
    made["$defs"] = {_PLACES.get(name, name): part for name, part in made["$defs"].items()}
    return made


def _experiment(keys: Mapping[str, Any]) -> list[str]:
    """The keys of a file."""
    lines = ["# Experiment", "", "The keys of a file for `avgraph train`, how it trains, and what a sweep tries.", ""]
    for name, part in keys.items():
        lines += _option(name, part, _ELSEWHERE.get(name) or kind(part), required=name in ("dataset", "method"))
    return lines


def _components(title: str, example: str, choices: Mapping[str, Any]) -> list[str]:
    """Every built-in type of a kind."""
    lines = [f"# {title}", "", _OWN, ""]
    for part in choices.get("oneOf") or choices["anyOf"][0]["oneOf"]:
        name = part.get("properties", {}).get("type", {}).get("const")
        if name:
            needed = [f"type: {name}", *(f"{key}: …" for key in part["required"] if key != "type")]
            lines += [f"## {name}", "", f"`{example % ', '.join(needed)}`", "", part["description"], ""]
            lines += _options(name, part)
    return lines


def _parts(lines: list[str], parts: Mapping[str, Any]) -> list[str]:
    """The parts that the options of a page link to, and those that these link to."""
    made: list[str] = []
    wanted = _linked(lines)
    for name in wanted:  # grows
        section = [f"## {name}", "", parts[name]["description"], "", *_options(name, parts[name])]
        made += section
        wanted += [other for other in _linked(section) if other not in wanted]
    return made


def _linked(lines: list[str]) -> list[str]:
    return list(dict.fromkeys(name for line in lines for name in re.findall(r"\[([\w.]+)\]\(#", line)))


def _options(owner: str, part: Mapping[str, Any]) -> Iterator[str]:
    for name, option in part["properties"].items():
        if "const" not in option:  # its type, which heads the section
            yield from _option(f"{owner}.{name}", option, kind(option), required=name in part.get("required", ()))


def _option(name: str, part: Mapping[str, Any], takes: str, *, required: bool) -> list[str]:
    """One option, with an anchor of its own, ``confval-<name>``."""
    default = "**required**" if required else f"default {written(part.get('default'))}"
    default = default if len(default) < 100 else "default as below"
    return [f"```{{confval}} {name}", f"{takes} · {default}", "", part["description"], "```", ""]
