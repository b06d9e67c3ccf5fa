"""How far a long piece of work is, on standard error: a bar on a terminal, a line now and then elsewhere.

Silent unless asked: the command line and ``quiet=False`` ask, for all that is done within `reporting`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Literal, Protocol, TypeVar

from avgraph.runtime.interrupt import raise_again

T = TypeVar("T")
Unit = Literal["steps", "bytes"]

FIRST, EVERY = 10.0, 30.0  # seconds until the first line, and between two further ones

_REPORTING: ContextVar[bool | None] = ContextVar("reporting", default=False)  # None: a count is shown already
_LINES: ContextVar[_Lines | None] = ContextVar("lines", default=None)  # of the surrounding work


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
    shown = (_Bar if terminal else _Lines)(total, title, done, unit)
    _REPORTING.set(True if total is None else None)
    _LINES.set(shown if isinstance(shown, _Lines) else None)
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


class _Bar:
    """A bar of rich."""

    def __init__(self, total: int | None, title: str, done: int, unit: Unit) -> None:
        from rich import progress as rich  # not needed, and slow, where nobody watches
        from rich.console import Console

        count = (rich.DownloadColumn(), rich.TransferSpeedColumn()) if unit == "bytes" else (rich.MofNCompleteColumn(),)
        self.bar = rich.Progress(
            rich.TextColumn("{task.description}", markup=False),
            rich.BarColumn(),
            *count,
            rich.TextColumn("{task.fields[loss]}", markup=False),
            rich.TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self.row = self.bar.add_task(title, total=total, completed=done, loss="")
        self.bar.start()

    def advance(self, steps: int = 1, *, loss: float | None = None) -> None:
        fields: dict[str, Any] = {} if loss is None else {"loss": _loss(loss)}
        self.bar.update(self.row, advance=steps, **fields)

    def close(self) -> None:
        self.bar.stop()


class _Lines:
    """The same as lines, from a thread: work that takes no step for long is not mute either."""

    def __init__(self, total: int | None, title: str, done: int, unit: Unit) -> None:
        self.total, self.title, self.unit = total, title, unit
        self.done = self.first = done
        self.loss: float | None = None
        self.begin = time.monotonic()
        self.waiting = 0  # counts within this work that are told instead
        self.lock, self.closed = threading.Lock(), threading.Event()
        self.thread = threading.Thread(target=self._tell, name="progress", daemon=True)
        self.thread.start()

    def advance(self, steps: int = 1, *, loss: float | None = None) -> None:
        with self.lock:
            self.done += steps
            self.loss = self.loss if loss is None else loss

    def close(self) -> None:
        self.closed.set()
        self.thread.join()

    def _tell(self) -> None:
        pause = FIRST
        while not self.closed.wait(pause):
            pause = EVERY
            if not self.waiting:
                try:
                    print(self.line(time.monotonic() - self.begin), file=sys.stderr, flush=True)
                except (OSError, ValueError):  # nobody reads any more
                    return

    def line(self, seconds: float) -> str:
        """The state after some seconds."""
        with self.lock:
            done, loss = self.done, self.loss
        parts = [self._count(done)] if self.total is not None or done else []
        parts += [] if loss is None else [_loss(loss)]
        if self.total is None or done == self.first:
            parts.append(f"{timedelta(seconds=round(seconds))} so far")
        else:
            left = seconds * max(0, self.total - done) / (done - self.first)
            parts.append(f"{timedelta(seconds=round(left))} left")
        return f"{self.title}: {', '.join(parts)}"

    def _count(self, done: int) -> str:
        if self.unit == "steps":
            return f"{done}" if self.total is None else f"{done}/{self.total}"
        return f"{done / 1e6:.1f}" + ("" if self.total is None else f"/{self.total / 1e6:.1f}") + " MB"


def _loss(loss: float) -> str:
    return f"loss {loss:.4f}"
