"""What checks annotations while tests run (see addopts): beartype, once for every function within a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from beartype import BeartypeConf, beartype
from jaxtyping import config

_beartype = beartype(conf=BeartypeConf(is_pep484_tower=True))
_made: dict[Any, Callable[..., Any]] = {}


def checked(signature: Callable[..., Any]) -> Callable[..., Any]:
    """``signature``, an empty function that jaxtyping makes to check arguments or results, with its checks.

    A function within a function is defined anew with every call of the outer one, at a millisecond of beartype each
    time; but its annotations are the same, and an empty function sees nothing else of what is around it.
    """
    if "<locals>" not in signature.__qualname__ or signature.__defaults__ or signature.__kwdefaults__:
        return _beartype(signature)
    key = (signature.__module__, signature.__qualname__, signature.__code__, *signature.__annotations__.items())
    if key not in _made:
        _made[key] = _beartype(signature)
    return _made[key]


@contextmanager
def unchecked() -> Iterator[None]:
    """Without checks, as users run; a size that stands for any number, as `torch.export` has it, is no ``int``."""
    config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        config.update("jaxtyping_disable", False)
