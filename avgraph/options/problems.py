"""Mistakes of a user: what is wrong, at which option, written where. One line each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from avgraph.errors import ConfigError, did_you_mean, one_line, shortened

Path = tuple[str | int, ...]

MOST_SHOWN = 10
_LONGEST = 1_000  # characters of a message; what it quotes may be of any length


@dataclass(frozen=True)
class Origin:
    """Where a value was written.

    Attributes:
        where: ``examples/x.yaml:9``, ``--set a=b``, or nothing for a value given in Python.
        folder: the folder that relative paths in the value start from.
        position: (number of the file or override, line, column); mistakes are listed in this order.
        override: whether it was an override, which a change of ``type`` in a file must not drop.
    """

    where: str = ""
    folder: str = ""
    position: tuple[int, int, int] = (0, 0, 0)
    override: bool = False


@dataclass(frozen=True)
class Problem:
    """One mistake."""

    origin: Origin
    path: Path
    message: str

    def line(self) -> str:
        """The mistake as one line: ``where: dotted.path: message``.

        Example:
            >>> Problem(Origin("x.yaml:9"), ("graph", 0, "k"), "expected a whole number, got 'x'").line()
            "x.yaml:9: graph.0.k: expected a whole number, got 'x'"
        """
        parts = (self.origin.where, dotted(self.path), shortened(self.message, _LONGEST))
        return one_line(": ".join(part for part in parts if part))


class Mistakes(ConfigError):
    """All mistakes found, one line each, in the order in which they are written; the text has the first ten."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.origin.position)
        lines = list(dict.fromkeys(problem.line() for problem in self.problems))
        if len(lines) > MOST_SHOWN:
            lines[MOST_SHOWN:] = [f"and {len(lines) - MOST_SHOWN} more mistakes"]
        super().__init__("\n".join(lines))


def dotted(path: Path) -> str:
    """``("graph", 0, "k")`` → ``graph.0.k``; a key that is not one word is quoted.

    Example:
        >>> dotted(("encoders", "two words", "lr"))
        "encoders.'two words'.lr"
    """
    return ".".join(str(p) if re.fullmatch(r"[\w-]{1,60}|<<", str(p)) else show(p) for p in path)


def show(value: Any) -> str:
    """A value as a user would write it, shortened.

    Example:
        >>> show("5"), show(True), show(None), show({"a": 1})
        ("'5'", 'true', 'null', 'a mapping')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(shortened(str(value)))
    if isinstance(value, int) and value.bit_length() > 200:  # repr of a huge integer is refused by Python
        return "a huge number"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return f"a Python {type(value).__name__}"


def suggest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'lr'?`` or nothing.

    Example:
        >>> suggest("hiden_channels", ["hidden_channels", "dropout"])
        "; did you mean 'hidden_channels'?"
    """
    close = did_you_mean(word, known)
    return f"; {close}" if close else ""


def suggest_or_list(word: str, known: Iterable[str], what: str) -> str:
    """The closest name, or all names where none is close.

    Example:
        >>> suggest_or_list("zzz", ["a", "b"], "known keys")
        '; known keys: a, b'
    """
    names = list(known)
    return suggest(word, names) or f"; {what}: {', '.join(names) or 'none'}"
