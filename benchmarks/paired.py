"""Settings compared over the same splits: the mean difference, whether it is one, and how large beside its spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from avgraph.runs.paired import paired_difference


@dataclass(frozen=True)
class Paired:
    """One setting less another, split by split.

    Random splits of the same rows share most of them, so their differences are no independent draws: ``p`` is too
    small rather than too large.

    Attributes:
        difference: its mean.
        p: of the paired t-test, two-sided.
        effect: the mean difference in standard deviations of the differences (Cohen's d_z).
    """

    difference: float
    p: float
    effect: float

    def cells(self, *, scale: float = 1.0, digits: int = 4) -> list[str]:
        """Difference, p and effect size as a table shows them."""
        return [f"{scale * self.difference:+.{digits}f}", f"{self.p:.3f}", f"{self.effect:+.1f}"]


def paired(one: Sequence[float], other: Sequence[float]) -> Paired | None:
    """``one`` less ``other``; None of fewer than two splits, or where all of them differ alike.

    Example:
        >>> found = paired([0.5, 0.7, 0.9], [0.4, 0.5, 0.6])
        >>> round(found.difference, 3), round(found.p, 3), round(found.effect, 3)
        (0.2, 0.074, 2.0)
        >>> paired([0.5], [0.4]) is None
        True
    """
    if len(one) < 2:
        return None
    found = paired_difference(one, other)
    if found.t_p is None or found.effect is None:
        return None
    return Paired(found.difference, found.t_p, found.effect)


def cells(one: Sequence[float], other: Sequence[float], *, scale: float = 1.0, digits: int = 4) -> list[str]:
    """Difference, p and effect size as a table shows them; empty where there is nothing to compare."""
    found = paired(one, other)
    return ["", "", ""] if found is None else found.cells(scale=scale, digits=digits)


def told(one: Sequence[float], other: Sequence[float]) -> str:
    """Difference and p in a cell; a dash where there is nothing to compare.

    Example:
        >>> told([0.5, 0.7, 0.9], [0.4, 0.5, 0.6]), told([0.5], [0.4])
        ('+0.2000, p 0.074', '-')
    """
    found = paired(one, other)
    return "-" if found is None else f"{found.difference:+.4f}, p {found.p:.3f}"
