"""An array of the cache that several processes make together and one of them keeps."""

from __future__ import annotations

from collections.abc import Callable

from avgraph.io.mapped_rows import Array
from avgraph.runtime.ranks import alone, rank, text_of_first, wait_for_all


def kept_by_first(fill: Callable[[Array | None], None], keep: Callable[[Callable[[Array], None]], Array]) -> Array:
    """An array of the cache, which the first rank keeps and all make together where it is not there yet.

    Args:
        fill: makes it, on all ranks at once; only the first is given where to put it.
        keep: finds it, or has it made by the function it is given.
    """
    if rank() > 0:
        if text_of_first("") == "made":
            fill(None)
        wait_for_all()
        with alone():
            return keep(fill)
    made = False

    def make(target: Array) -> None:
        nonlocal made
        made = True
        text_of_first("made")
        fill(target)

    kept = keep(make)
    if not made:
        text_of_first("found")
    wait_for_all()
    return kept
