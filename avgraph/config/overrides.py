"""Overrides: ``train.epochs=5`` lays a value over the files; ``graph.0.k`` reaches into a list.

A mapping as value merges with what is there, by the rules of a file that extends another (`merge`): an override
of a ``type`` drops the file's options of the other type; those that are overrides themselves stay, in any order.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from avgraph.config.loader import Source, parse
from avgraph.config.marked import Marked, marked, unmarked
from avgraph.config.merge import merge
from avgraph.errors import shortened
from avgraph.options.problems import Mistakes, Origin, Path, Problem, dotted, show

_AFTER_FILES = 1 << 20

Overrides = Sequence[str] | Mapping[str, Any]


def apply_overrides(tree: Marked, overrides: Any) -> tuple[Marked, list[Problem]]:
    """``tree`` with the overrides laid upon it, and the mistakes of those that cannot be.

    Example:
        >>> from avgraph.config.marked import unmarked
        >>> tree, problems = apply_overrides(marked({"train": {"epochs": 5}}), ["train.epochs=7"])
        >>> unmarked(tree), problems
        ({'train': {'epochs': 7}}, [])
    """
    if isinstance(overrides, (str, bytes)) or not isinstance(overrides, (Sequence, Mapping)):
        message = f"expected a list of KEY=VALUE or a mapping, got {show(overrides)}"
        return tree, [Problem(Origin("overrides"), (), message)]
    pairs = isinstance(overrides, Mapping)
    items: list[Any] = list(overrides.items() if isinstance(overrides, Mapping) else overrides)
    problems: list[Problem] = []
    for number, item in enumerate(items):
        try:
            parts, value, found = _read(item, _AFTER_FILES + number, pairs)
            problems += found
            tree = _lay(tree, parts, value)
        except Mistakes as error:
            problems += error.problems
    return tree, problems


def with_values_to_try(overrides: Sequence[str]) -> tuple[tuple[str, ...], dict[str, list[Any]]]:
    """Overrides of a single value as they are, and option → values of those that list several, with commas between.

    What stands after the sign is read as a list of YAML: a comma within brackets or quotes separates nothing.

    Raises:
        ConfigError: for one that is no ``KEY=VALUE``, or no YAML.

    Example:
        >>> with_values_to_try(["train.epochs=5", "method.hidden_channels=8,16", "graph.0={type: knn, k: 3}"])
        (('train.epochs=5', 'graph.0={type: knn, k: 3}'), {'method.hidden_channels': [8, 16]})
    """
    single, several = [], {}
    for number, item in enumerate(overrides):
        key, sign, text = item.partition("=")
        parts, values, found = _read(f"{key}{sign}[{text}]" if sign else item, _AFTER_FILES + number, False)
        if found:
            raise Mistakes(found)
        if len(values.content) > 1:
            several[".".join(parts)] = [unmarked(value) for value in values.content]
        else:
            single.append(item)
    return tuple(single), several


def as_texts(overrides: Overrides) -> tuple[str, ...]:
    """Overrides as ``KEY=VALUE``, values as JSON, which YAML reads alike.

    Example:
        >>> as_texts({"train.epochs": 5}), as_texts(["seed=1"])
        (('train.epochs=5',), ('seed=1',))
    """
    if isinstance(overrides, Mapping):
        return tuple(f"{name}={json.dumps(value)}" for name, value in overrides.items())
    return tuple(overrides)


def _read(item: Any, number: int, pair: bool) -> tuple[tuple[str, ...], Marked, list[Problem]]:
    """Path, value and the harmless mistakes of one override: text, or a pair of key and value."""
    key, text = item if pair else (item, "")
    written = f"{key}={text[:60] if isinstance(text, str) else show(text)}" if pair else shortened(str(item), 120)
    source = Source(f"--set {written}", os.getcwd(), number, override=True)
    if not pair:
        if not isinstance(item, str) or "=" not in item:
            raise Mistakes([Problem(source.whole(), (), f"expected KEY=VALUE, got {show(item)}")])
        key, _, text = item.partition("=")
    parts = tuple(key.strip().split(".")) if isinstance(key, str) else ()
    if not parts or not all(parts):
        message = f"expected KEY=VALUE with a dotted KEY such as train.epochs, got KEY {show(key)}"
        raise Mistakes([Problem(source.whole(), (), message)])
    try:
        value, found = (marked(text, source.whole()), []) if pair else parse(text, source)
    except Mistakes as error:
        raise Mistakes(_below(parts, error.problems)) from None
    return parts, value, _below(parts, found)


def _below(parts: tuple[str, ...], problems: list[Problem]) -> list[Problem]:
    """The mistakes of a value, told as mistakes of the experiment that it is laid into."""
    return [Problem(problem.origin, parts + problem.path, problem.message) for problem in problems]


def _lay(tree: Marked, parts: tuple[str, ...], value: Marked, path: Path = ()) -> Marked:
    """``tree``, which stands at ``path``, with ``value`` laid at ``parts`` below it."""
    if not parts:
        return merge(tree, value)
    content = tree.content
    part = parts[0]
    if isinstance(content, list):
        index = _index(part, content, value.origin, path)
        inner = _lay(content[index], parts[1:], value, (*path, index))
        return Marked([*content[:index], inner, *content[index + 1 :]], tree.origin)
    if not isinstance(content, dict):
        message = f"cannot be set: {dotted(path)} is {show(content)}"
        raise Mistakes([Problem(value.origin, (*path, part), message)])
    if parts == ("type",):
        return merge(tree, Marked({"type": value}, tree.origin))
    if part in content:
        inner = _lay(content[part], parts[1:], value, (*path, part))
    else:
        inner = _nested(parts[1:], value, (*path, part))
    return Marked({**content, part: inner}, tree.origin)


def _nested(parts: tuple[str, ...], value: Marked, path: Path) -> Marked:
    """``value`` below mappings that were not there."""
    if parts and parts[0].isdecimal():
        message = f"cannot be set: there is no list {dotted(path)}"
        raise Mistakes([Problem(value.origin, (*path, parts[0]), message)])
    for part in reversed(parts):
        value = Marked({part: value}, value.origin)
    return value


def _index(part: str, items: list[Marked], origin: Origin, path: Path) -> int:
    if part.isascii() and part.isdecimal() and len(part) < 10 and int(part) < len(items):
        return int(part)
    has = f"has {len(items)} entries" + (f", 0 to {len(items) - 1}" if items else "")
    raise Mistakes([Problem(origin, path, f"expected an index into the list, which {has}, got {show(part)}")])
