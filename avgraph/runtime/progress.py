"""How far a long piece of work is, on standard error: a bar on a terminal, a line now and then elsewhere.

Silent unless asked: the command line and ``quiet=False`` ask, for all that is done within `reporting`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

from avgraph.runtime.interrupt import raise_again
from avgraph.runtime.progress_shown import Bar, Lines, Unit

T = TypeVar("T")

_REPORTING: ContextVar[bool | None] = ContextVar("reporting", default=False)  # None: a count is shown already
_LINES: ContextVar[Lines | None] = ContextVar("lines", default=None)  # of the surrounding work


class Advance(Protocol):
    """Moves a count on, from any thread."""

    def __call__(self, steps: int = 1, *, loss: float | None = None) -> None:
        """Some steps further; the last ``loss`` is shown."""


def tell(line: str) -> None:
    """Say a line on standard error, where work is reported.

    Example:
        >>> tell("nobody asked")
    """
    if _REPORTING.get():
        print(line, file=sys.stderr, flush=True)


@contextmanager
def reporting(on: bool) -> Iterator[None]:
    """Whether the work within the block is reported.

    Example:
        >>> with reporting(False), counted(4, "counting") as advance:
        ...     advance(3)
    """
    before = _REPORTING.get()
    _REPORTING.set(None if before is None else on)
    try:
        yield
    finally:
        _REPORTING.set(before)


def progress(items: Sequence[T], title: str, *, quiet: bool | None = None) -> Iterator[T]:
    """Iterate over ``items`` as `counted`.

    Example:
        >>> list(progress(range(3), "counting"))
        [0, 1, 2]
    """
    with counted(len(items), title, quiet=quiet) as advance:
        for item in items:
            yield item
            advance()


@contextmanager
def counted(
    total: int | None, title: str, *, done: int = 0, unit: Unit = "steps", quiet: bool | None = None
) -> Iterator[Advance]:
    """Report work of ``total`` steps; gives a function that moves it on, from any thread.

    Counts within a counted piece of work are silent: one thing is reported at a time. Within work of unknown length
    (``total`` None, no bar, only lines) they take its place.

    Args:
        total: how much there is to do; None if nobody knows.
        title: what is done.
        done: how much is done already.
        unit: of ``total``.
        quiet: True is silent, False is not; None does as the surrounding `reporting`.

    Example:
        >>> with counted(4, "counting", quiet=True) as advance:
        ...     advance(3)
    """
    before, around = _REPORTING.get(), _LINES.get()
    on = before if quiet is None else not quiet
    terminal = sys.stderr.isatty()
    if before is None or not on or (terminal and total is None):
        yield _silent
        return
    shown = (Bar if terminal else Lines)(total, title, done, unit)
    _REPORTING.set(True if total is None else None)
    _LINES.set(shown if isinstance(shown, Lines) else None)
    if around is not None:
        around.waiting += 1

    def advance(steps: int = 1, *, loss: float | None = None) -> None:
        raise_again()
        shown.advance(steps, loss=loss)

    try:
        yield advance
    finally:
        shown.close()
        _REPORTING.set(before)
        _LINES.set(around)
        if around is not None:
            around.waiting -= 1


def _silent(steps: int = 1, *, loss: float | None = None) -> None:
    raise_again()
