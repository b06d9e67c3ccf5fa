"""Tables of numbers for a page of the docs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def cell(values: Sequence[float]) -> str:
    """Mean ± sample standard deviation, in percent.

    Example:
        >>> cell([0.5, 0.7])
        '60.0 ± 14.1'
    """
    return spread([100 * value for value in values], digits=1)


def spread(values: Sequence[float], digits: int = 4) -> str:
    """Mean ± sample standard deviation.

    Example:
        >>> spread([0.5, 0.7])
        '0.6000 ± 0.1414'
    """
    if not values:
        return ""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {deviation:.{digits}f}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
