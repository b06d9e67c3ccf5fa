"""What checks shapes while tests run (see addopts): beartype, with jaxtyping's dimensions, where annotations have them.

The hook of jaxtyping decorates every function of the package. Its own decorator binds the arguments of every call and
checks them twice, a third of the time of all tests; `jaxtyped` below is in its place, and makes the checks of a
function when it is first called. What has no shapes is left to mypy, which reads every call of the package.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import inspect
import re
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any, get_args, get_type_hints

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, AbstractDtype, TypeCheckError, config

checked = beartype(conf=BeartypeConf(is_pep484_tower=True, violation_type=TypeCheckError))
_jaxtyped = jaxtyping.jaxtyped
_made: dict[Any, tuple[Callable[..., Any], Any] | None] = {}


def jaxtyped(function: Any = None, *, typechecker: Any = None) -> Any:
    """In the place of jaxtyping's: the same checks of functions and of what dataclasses are made of."""
    if function is None:
        return functools.partial(jaxtyped, typechecker=typechecker)
    if inspect.isclass(function):
        if dataclasses.is_dataclass(function) and "__init__" in vars(function):
            function.__init__ = jaxtyped(function.__init__)
        return function
    if not any(map(_may_be_shape, _words(function), repeat(function.__globals__))):
        return function
    check: Callable[..., Any] | None = None

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nonlocal check
        if config.jaxtyping_disable:
            return function(*args, **kwargs)
        if check is None:
            check = _with_checks(function)
        return check(*args, **kwargs)

    return wrapped


def _words(function: Any) -> Iterator[str]:
    """The names in its annotations."""
    for hint in function.__annotations__.values():
        yield from re.findall(r"\w+", hint if isinstance(hint, str) else repr(hint))


def _may_be_shape(name: str, names: dict[str, Any]) -> bool:
    """Whether it is a shape, or something that is yet to be defined."""
    if name not in names:
        return not hasattr(builtins, name)
    found = names[name]
    return _has_shapes(found) or (inspect.isclass(found) and issubclass(found, AbstractDtype))


def _with_checks(function: Any) -> Callable[..., Any]:
    # A function within a function is defined anew with every call of the outer one: what is made once calls the new.
    key = (function.__code__, *function.__annotations__.items())
    if key not in _made:
        _made[key] = _of_first(function)
    made = _made[key]
    if made is None:
        plain: Callable[..., Any] = function
        return plain
    if inspect.isgeneratorfunction(function):  # its result is the generator, not what comes out of it
        own: Callable[..., Any] = _jaxtyped(function, typechecker=checked)
        return own
    check, first = made
    check = _copied(check, check.__annotations__)
    check.__kwdefaults__ = {
        name: function if value is first else value for name, value in (check.__kwdefaults__ or {}).items()
    }
    assert function in check.__kwdefaults__.values()

    def in_context(*args: Any, **kwargs: Any) -> Any:
        with _jaxtyped("context"):
            return check(*args, **kwargs)

    return in_context


def _of_first(function: Any) -> tuple[Callable[..., Any], Any] | None:
    """Its checks and the copy of it that they call; None where no annotation has a shape."""
    hints = {name: _resolved(name, hint, function.__globals__) for name, hint in function.__annotations__.items()}
    if not any(map(_has_shapes, hints.values())):
        return None
    copy = _copied(function, hints)  # never called: it holds nothing of what is around it
    return checked(copy), copy


def _copied(function: Any, annotations: dict[str, Any]) -> Any:
    around = None if function.__closure__ is None else tuple(types.CellType() for _ in function.__closure__)
    copy = types.FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__, around)
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    copy.__kwdefaults__, copy.__annotations__ = function.__kwdefaults__, annotations
    return copy


def _resolved(name: str, hint: Any, names: dict[str, Any]) -> Any:
    """What a hint means; anything where it has names that are there for a type checker alone."""
    holder = types.SimpleNamespace(__annotations__={name: hint}, __globals__=names)
    try:
        return get_type_hints(holder, include_extras=True)[name]
    except NameError:
        return Any


def _has_shapes(hint: Any) -> bool:
    return (inspect.isclass(hint) and issubclass(hint, AbstractArray)) or any(map(_has_shapes, get_args(hint)))


jaxtyping.jaxtyped = jaxtyped


@contextmanager
def unchecked() -> Iterator[None]:
    """Without checks, as users run; a size that stands for any number, as `torch.export` has it, is no ``int``."""
    config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        config.update("jaxtyping_disable", False)
