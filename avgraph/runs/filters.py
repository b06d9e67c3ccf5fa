"""Conditions on runs, as a user writes them: ``method.type=rrnet``, ``test/accuracy>=0.8``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from avgraph.config.loader import Source, parse
from avgraph.config.marked import unmarked
from avgraph.errors import ConfigError, DataError
from avgraph.options.problems import show

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}
_WRITTEN = re.compile(r"\s*(?P<name>[^\s<>=!]+)\s*(?P<sign><=|>=|!=|=|<|>)\s*(?P<value>.*?)\s*", re.DOTALL)


@dataclass(frozen=True)
class Condition:
    """A name, a sign and a value.

    Attributes:
        name: of an option, a metric, or ``state``.
        sign: ``=``, ``!=``, ``<``, ``<=``, ``>`` or ``>=``.
        value: read as YAML, so that ``null``, ``true`` and numbers are what they are in a file.
    """

    name: str
    sign: str
    value: Any

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read one.

        Raises:
            DataError: if it is none.

        Example:
            >>> Condition.parse("test/accuracy>=0.8")
            Condition(name='test/accuracy', sign='>=', value=0.8)
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise DataError(f"expected NAME=VALUE, or with !=, <, <=, >, >= in place of =, got {show(text)}")
        try:
            value = unmarked(parse(found["value"], Source(text, ""))[0])
        except ConfigError as error:
            raise DataError(str(error)) from None
        if isinstance(value, dict | list):
            raise DataError(f"{text}: expected a number or a text as value, got {show(value)}")
        if found["sign"] not in ("=", "!=") and not _is_number(value):
            raise DataError(f"{text}: {found['sign']} compares numbers, got {show(value)}")
        return cls(found["name"], found["sign"], value)

    def holds(self, value: Any) -> bool:
        """Whether it is true of a value; what a run does not have is None.

        Example:
            >>> Condition.parse("train.epochs<10").holds(5), Condition.parse("train.epochs<10").holds(None)
            (True, False)
        """
        if self.sign in ("=", "!="):
            return bool(_COMPARE[self.sign](value, self.value))
        return _is_number(value) and bool(_COMPARE[self.sign](value, self.value))


def sort_key(value: Any) -> tuple[bool, Any]:
    """Numbers by size, then everything else by its text.

    Example:
        >>> sorted(["b", 10, 9, "a"], key=sort_key)
        [9, 10, 'a', 'b']
    """
    return (False, value) if _is_number(value) else (True, str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
