"""The sentences that document options: they stand in the ``Attributes`` of a class, and nowhere else."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

_HEAD = "Attributes:"
_SECTIONS = ("Shapes:", "Raises:", "Example:")


def with_inherited(doc: str, inherited: Iterable[str], order: Sequence[str]) -> str:
    """The documentation of a class, in whose ``Attributes`` stands what it does not say itself.

    Args:
        doc: of the class.
        inherited: of its bases, nearest first.
        order: of the options.

    Example:
        >>> base = '''Base.
        ...
        ... Attributes:
        ...     seed: of all
        ...         that is drawn.
        ... '''
        >>> print(with_inherited("Clips.\\n\\nAttributes:\\n    size: of a picture.", [base], ["seed", "size"]))
        Clips.
        <BLANKLINE>
        Attributes:
            seed: of all
                that is drawn.
            size: of a picture.
    """
    before, own, after = _parts(doc)
    entries = dict(own)
    for other in inherited:
        for names, text in _parts(other)[1].items():
            if not any(set(names) & set(known) for known in entries):
                entries[names] = text
    if entries == own:
        return inspect.cleandoc(doc)
    place = {name: number for number, name in enumerate(order)}
    lines = [text for _, text in sorted(entries.items(), key=lambda item: place.get(item[0][0], len(place)))]
    return "\n\n".join(part for part in (before, "\n".join([_HEAD, *lines]), after) if part)


def _parts(doc: str) -> tuple[str, dict[tuple[str, ...], str], str]:
    """What stands before the attributes, names → their lines, what stands behind."""
    lines = inspect.cleandoc(doc).split("\n")
    ends = [number for number, line in enumerate(lines) if line in _SECTIONS] + [len(lines)]
    if _HEAD not in lines:
        return "\n".join(lines[: ends[0]]).strip(), {}, "\n".join(lines[ends[0] :]).strip()
    start = lines.index(_HEAD)
    end = next((n for n, line in enumerate(lines[start + 1 :], start + 1) if re.match(r"\S", line)), len(lines))
    entries: list[list[str]] = []
    for line in lines[start + 1 : end]:
        if re.match(r" {4}\S", line):
            entries.append([line])
        elif line.strip():
            entries[-1].append(line)
    named = {tuple(entry[0].strip().partition(":")[0].split(", ")): "\n".join(entry) for entry in entries}
    return "\n".join(lines[:start]).strip(), named, "\n".join(lines[end:]).strip()


def sentences(doc: str) -> dict[str, str]:
    """Option → its sentence, on one line.

    Example:
        >>> sentences("Clips.\\n\\nAttributes:\\n    low, high: the ends,\\n        which belong to it.")
        {'low': 'the ends, which belong to it.', 'high': 'the ends, which belong to it.'}
    """
    found: dict[str, str] = {}
    for names, text in _parts(doc)[1].items():
        found |= dict.fromkeys(names, re.sub(r"\s+", " ", text.partition(":")[2]).strip())
    return found


def described(schema: dict[str, Any], doc: str) -> None:
    """Put the sentences of a class into its JSON Schema, each at its option; what the class is stays by itself."""
    schema["description"] = _parts(doc)[0]
    for name, sentence in sentences(doc).items():
        if name in schema["properties"]:
            schema["properties"][name]["description"] = sentence
