"""A progress bar with the time left; silent when nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def progress(items: Sequence[T], title: str, *, quiet: bool = False) -> Iterator[T]:
    """Iterate over ``items`` under a bar on standard error; without a terminal, or if ``quiet``, print nothing.

    Example:
        >>> list(progress(range(3), "counting", quiet=True))
        [0, 1, 2]
    """
    with counted(len(items), title, quiet=quiet) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def counted(total: int, title: str, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A bar of ``total`` steps and a function that moves it on, from any thread; silent as `progress` is.

    Example:
        >>> with counted(4, "counting", quiet=True) as advance:
        ...     advance(3)
    """
    if quiet or not sys.stderr.isatty():
        yield lambda steps: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total)
        yield lambda steps: bar.advance(task, steps)
