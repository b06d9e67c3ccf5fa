"""What checks shapes while tests run: every call, also of functions within functions, and each function once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import torch
from jaxtyping import Float, TypeCheckError
from torch import Tensor

from avgraph.metrics.ratings import mean_absolute_error
from tests import typechecker
from tests.typechecker import jaxtyped, unchecked

if TYPE_CHECKING:
    from nowhere import Unknown


@jaxtyped
def product(x: Float[Tensor, "n d"], y: Float[Tensor, "d m"], *, transposed: bool = False) -> Float[Tensor, "n m"]:
    return (x @ y).T if transposed else x @ y


@jaxtyped
def rows_of(x: Float[Tensor, "n d"], other: Unknown = None) -> Iterator[Row]:
    yield from x


Row = Float[Tensor, " d"]


def plain(names: list[str]) -> int | None:
    return len(names)


@jaxtyped
@dataclass
class Pair:
    x: Float[Tensor, " n"]
    y: Float[Tensor, " n"]


def within(hint: Any) -> Callable[[Any], Any]:
    def inner(x):  # type: ignore[no-untyped-def]
        return "nothing" if x is None else x

    inner.__annotations__ = {"x": hint, "return": hint}
    return jaxtyped(inner)  # type: ignore[no-any-return]


def test_arguments_and_results_are_checked_every_time_and_the_checks_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    beartype = typechecker.checked

    def counted(signature: Callable[..., Any]) -> Callable[..., Any]:
        made.append(signature.__qualname__)
        return beartype(signature)

    monkeypatch.setattr(typechecker, "checked", counted)
    monkeypatch.setattr(typechecker, "_made", {})
    one, again, other = within(Row | None), within(Row | None), within(list[Row])
    row = torch.ones(2)
    assert one(row) is row
    assert again(row) is row
    assert other([row]) == [row]
    assert made == ["within.<locals>.inner"] * 2
    for function, wrong in ((one, "a"), (again, row[None]), (other, [1]), (again, None)):
        with pytest.raises(TypeCheckError):
            function(wrong)


def test_what_has_no_shapes_is_left_as_it_is() -> None:
    assert jaxtyped(plain) is plain


def test_a_dimension_is_one_size_in_one_call() -> None:
    assert product(torch.ones(2, 3), torch.ones(3, 4)).shape == (2, 4)
    assert product(torch.ones(5, 6), torch.ones(6, 1)).shape == (5, 1)  # another call, other sizes
    with pytest.raises(TypeCheckError, match="dimension d"):
        product(torch.ones(2, 3), torch.ones(2, 4))
    with pytest.raises(TypeCheckError, match="dimension n"):
        product(torch.ones(2, 3), torch.ones(3, 4), transposed=True)
    with pytest.raises(TypeCheckError):
        Pair(torch.ones(2), torch.ones(3))


def test_names_for_a_type_checker_alone_are_anything_and_the_rest_is_checked() -> None:
    assert len(list(rows_of(torch.ones(3, 2), 3))) == 3  # type: ignore[arg-type]
    with pytest.raises(TypeCheckError):
        rows_of(torch.ones(3))


def test_the_package_is_checked() -> None:
    with pytest.raises(TypeCheckError, match="dimension n"):
        mean_absolute_error(torch.ones(2), torch.ones(1))
    with unchecked():
        assert mean_absolute_error(torch.ones(2), torch.ones(1)) == 0.0
