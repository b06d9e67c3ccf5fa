"""Functions within functions are checked too, by what was made for their annotations the first time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from jaxtyping import TypeCheckError, jaxtyped

from tests import typechecker


def within(hint: Any) -> Callable[[Any], Any]:
    def inner(x):  # type: ignore[no-untyped-def]
        return x if x else "nothing"

    inner.__annotations__ = {"x": hint, "return": hint}
    return jaxtyped(typechecker=typechecker.checked)(inner)


def test_arguments_and_results_are_checked_every_time_and_the_checks_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    beartype = typechecker._beartype

    def counted(signature: Callable[..., Any]) -> Callable[..., Any]:
        made.append(signature.__qualname__)
        return beartype(signature)

    monkeypatch.setattr(typechecker, "_beartype", counted)
    monkeypatch.setattr(typechecker, "_made", {})
    one, again, other = within(int | None), within(int | None), within(list[str])
    assert made == ["within.<locals>.inner"] * 4  # arguments and results of two kinds
    assert (one(1), again(2), other(["a"])) == (1, 2, ["a"])
    for function, wrong in ((one, "a"), (again, "a"), (other, [1]), (one, 0), (again, None)):
        with pytest.raises(TypeCheckError):
            function(wrong)
