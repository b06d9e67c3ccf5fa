"""How the table is written: a row says what changes where one option does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from avgraph.options.strict import Options

Read = Callable[[Any], Any]


@dataclass(frozen=True)
class See:
    """What is looked at: a name to read and how to get it from what was made."""

    what: str
    read: Read


@dataclass(frozen=True)
class Then:
    """What must be true of the value before and the value after."""

    what: str
    holds: Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Row:
    """``option`` changed to ``to``: what is seen, and how it must differ.

    Attributes:
        base: further options before the change, where the option would else have no effect.
    """

    option: str
    to: Any
    sees: See
    then: Then
    base: Mapping[str, Any] = field(default_factory=dict)

    def title(self) -> str:
        """One line, which is also the name of the test."""
        return f"{self.option}={_short(self.to)}: {self.sees.what} {self.then.what}"


@dataclass(frozen=True)
class Component:
    """The rows of one class of options.

    Attributes:
        name: for the names of tests.
        options: the class; every field but a fixed ``type`` must have a row or a reason in ``exempt``.
        make: from options to what the rows look at.
        base: the options before any change.
        exempt: option → why there is no row.
    """

    name: str
    options: type[Options]
    make: Callable[[Mapping[str, Any]], Any]
    base: Mapping[str, Any]
    rows: tuple[Row, ...]
    exempt: Mapping[str, str] = field(default_factory=dict)


def row(option: str, to: Any, sees: See, then: Then | None = None, **base: Any) -> Row:
    """A row of the table; without ``then`` what is seen must differ, with ``base`` from options of its own."""
    return Row(option, to, sees, CHANGES if then is None else then, base)


def same(one: Any, two: Any) -> bool:
    """Equality of nested tensors, arrays and plain data, to the last bit."""
    if isinstance(one, Tensor | np.ndarray) or isinstance(two, Tensor | np.ndarray):
        left, right = torch.as_tensor(one), torch.as_tensor(two)
        return left.dtype == right.dtype and torch.equal(left, right)
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(two, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    return bool(one == two)


CHANGES = Then("changes", lambda before, after: not same(before, after))


def becomes(value: Any) -> Then:
    """Exactly this, and not before."""
    return Then(f"becomes {_short(value)}", lambda before, after: same(after, value) and not same(before, value))


def times(factor: float) -> Then:
    """So many times what it was."""
    return Then(
        f"is {factor} times as large",
        lambda before, after: bool(
            torch.allclose(torch.as_tensor(after), factor * torch.as_tensor(before), rtol=1e-4)
            and torch.as_tensor(before).abs().max() > 0
        ),
    )


def nearly(value: Any) -> Then:
    """This but for rounding, and not before."""
    return Then(
        f"is nearly {_short(value)}",
        lambda before, after: bool(
            np.allclose(after, value, rtol=1e-4, atol=1e-7) and not np.allclose(before, value, rtol=1e-4, atol=1e-7)
        ),
    )


def gains(name: Any) -> Then:
    """It is there, and was not before."""
    return Then(f"gains {name}", lambda before, after: name in after and name not in before)


def loses(name: Any) -> Then:
    """It was there and is no more."""
    return Then(f"loses {name}", lambda before, after: name in before and name not in after)


def tells(text: str) -> Then:
    """An error that holds a text, where there was none."""
    return Then(f"tells: {text}", lambda before, after: before == "" and text in after)


FALLS = Then("falls", lambda before, after: after < before)
RISES = Then("rises", lambda before, after: after > before)


def _short(value: Any) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= 40 else f"{text[:37]}..."
