"""Mistakes in options, told in a user's words whoever finds them: pydantic, or a check of our own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from avgraph.errors import closest
from avgraph.options.problems import Path, dotted, show, suggest, suggest_or_list

_TOLD = "avgraph"  # the kind of an error whose message is already a user's
_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "string_unicode": "text without half surrogate pairs",
    "string_too_short": "text that is not empty",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "too_short": "at least {min_length} entry",
}


def mistakes(found: Iterable[tuple[Path, str, Any]]) -> ValidationError:
    """A pydantic error of (path, message, value) triples, to raise in a validator: its paths nest."""
    details = [
        InitErrorDetails(type=PydanticCustomError(_TOLD, message), loc=path, input=value)
        for path, message, value in found
    ]
    return ValidationError.from_exception_data("avgraph", details)


def mistake(message: str) -> PydanticCustomError:
    """One mistake at the value under validation, to raise in a validator of a field."""
    return PydanticCustomError(_TOLD, message)


def line_of(path: Path, message: str) -> str:
    """A mistake with the option that it is at, if it is at one."""
    return f"{dotted(path)}: {message}" if path else message


def without_misspelt(errors: Iterable[Mapping[str, Any]], known: Iterable[str]) -> list[Mapping[str, Any]]:
    """Errors of pydantic's without the missing keys that an unknown key is told to have meant: one slip is one line."""
    errors, names = list(errors), list(known)
    meant = {closest(str(error["loc"][-1]), names) for error in errors if error["type"] == "extra_forbidden"}
    return [error for error in errors if error["type"] != "missing" or error["loc"][-1] not in meant]


def message_of(error: Mapping[str, Any], known: tuple[str, ...], gone: Mapping[str, str]) -> str:
    """What one error of pydantic's says to a user.

    Args:
        error: as pydantic lists it.
        known: keys to suggest in place of an unknown one.
        gone: options that there are no more → what to do instead.
    """
    kind, value = error["type"], error["input"]
    context = {k: str(v).removesuffix(".0") for k, v in error.get("ctx", {}).items()}
    if kind == _TOLD:
        return str(error["msg"])
    if kind == "missing":
        return "missing required key"
    if kind == "extra_forbidden":
        key = str(error["loc"][-1])
        return f"is gone; {gone[key]}" if key in gone else f"unknown key{suggest_or_list(key, known, 'known keys')}"
    if kind not in _EXPECTED:
        return f"{error['msg']}, got {show(value)}"
    text = f"expected {_EXPECTED[kind].format(**context)}, got {show(value)}"
    if kind == "string_type" and isinstance(value, (int, float)):
        text += "; put it in quotes"
    if kind == "literal_error" and isinstance(value, str):
        text += suggest(value, re.findall(r"'([^']*)'", context["expected"]))
    return text
