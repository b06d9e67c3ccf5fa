"""Files that are there already are overwritten only when someone says so."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from avgraph.errors import DataError

FORCE = click.option("--force", is_flag=True, help="Overwrite files that exist, without a question.")


def may_write(outputs: Iterable[Path], *, force: bool, inputs: Iterable[str | Path] = ()) -> None:
    """Ask on a terminal whether existing files may be overwritten; without one, they may not unless ``force``.

    Raises:
        DataError: if they may not, or one of them is an input, which is never overwritten.
    """
    there = [path for path in outputs if path.exists()]
    for path in there:
        if any(Path(given).exists() and path.samefile(given) for given in inputs):
            raise DataError(f"{path}: is the input; choose another name")
    if not there or force:
        return
    more = f" and {len(there) - 1} more" if len(there) > 1 else ""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise DataError(f"{there[0]}{more}: already there; --force overwrites")
    if not click.confirm(f"{there[0]}{more}: already there; overwrite?", err=True):
        raise DataError(f"{there[0]}{more}: kept; nothing was done")
