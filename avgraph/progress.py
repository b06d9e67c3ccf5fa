"""A progress bar with the time left; silent when nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def progress(items: Sequence[T], title: str, *, quiet: bool = False) -> Iterator[T]:
    """Iterate over ``items`` under a bar on standard error; without a terminal, or if ``quiet``, print nothing.

    Example:
        >>> list(progress(range(3), "counting", quiet=True))
        [0, 1, 2]
    """
    if quiet or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield from bar.track(items, description=title)
