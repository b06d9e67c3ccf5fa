"""Two series of numbers over the same folds, seeds or splits: is their difference one, and how large is it?"""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from avgraph.errors import DataError

_SAME = 1e-9  # differences whose spread is this share of them differ by rounding alone


@dataclass(frozen=True)
class PairedDifference:
    """One series less another, pair by pair; both tests are two-sided.

    Attributes:
        pairs: how many.
        difference: its mean.
        sd: sample standard deviation of the differences; None of one pair.
        interval: confidence interval of the mean difference, by Student's t; None where there is no ``t_p``.
        effect: the mean difference in standard deviations of the differences, Cohen's d_z; None without spread.
        t_p: of the paired t-test; None of fewer than two pairs, or where all of them differ alike.
        wilcoxon_p: of Wilcoxon's signed-rank test; None of fewer than two pairs, or where all of them are equal.
        smallest_wilcoxon_p: what that could be at best, 2 / 2^n of the n pairs that are not equal; None without it.
        wins, ties, losses: pairs of which the first is larger, equal, smaller.
    """

    pairs: int
    difference: float
    sd: float | None
    interval: tuple[float, float] | None
    effect: float | None
    t_p: float | None
    wilcoxon_p: float | None
    smallest_wilcoxon_p: float | None
    wins: int
    ties: int
    losses: int


def paired_difference(one: Sequence[float], other: Sequence[float], *, confidence: float = 0.95) -> PairedDifference:
    """``one`` less ``other``; p values, interval and effect are those of `scipy.stats`.

    Folds and random splits of the same rows share most of their training rows, so their differences are no
    independent draws: p values are too small rather than too large (Nadeau & Bengio 2003, Inference for the
    Generalization Error).

    Args:
        one, other: numbers of the same pairs, in the same order.
        confidence: of the interval.

    Raises:
        DataError: if the lengths differ, there are no pairs, a number is not finite, or the confidence is no share.

    Example:
        >>> found = paired_difference([0.5, 0.7, 0.9], [0.4, 0.5, 0.6])
        >>> round(found.difference, 3), round(found.t_p, 3), found.wilcoxon_p, round(found.effect, 3)
        (0.2, 0.074, 0.25, 2.0)
        >>> paired_difference([0.5], [0.4]).t_p is None
        True
    """
    if len(one) != len(other) or not one:
        raise DataError(f"expected as many numbers of one as of the other, and some, got {len(one)} and {len(other)}")
    if not all(map(math.isfinite, (*one, *other))):
        raise DataError("expected finite numbers, got one that is not")
    if not 0 < confidence < 1:
        raise DataError(f"confidence: expected a number between 0 and 1, got {confidence}")
    gaps = [a - b for a, b in zip(one, other, strict=True)]
    mean = statistics.fmean(gaps)
    sd = statistics.stdev(gaps) if len(gaps) > 1 else None
    signs = [(gap > 0) - (gap < 0) for gap in gaps]
    interval = effect = t_p = wilcoxon_p = smallest = None
    if sd is not None and sd > _SAME * abs(mean):
        from scipy.stats import ttest_rel

        tested = ttest_rel(one, other)
        low, high = tested.confidence_interval(confidence)
        interval, effect, t_p = (float(low), float(high)), mean / sd, float(tested.pvalue)
    if len(gaps) > 1 and any(signs):
        from scipy.stats import wilcoxon

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sample size too small", UserWarning)  # said by the smallest p
            wilcoxon_p = float(wilcoxon(one, other).pvalue)
        smallest = min(1.0, 2.0 / 2 ** sum(map(abs, signs)))
    counts = (signs.count(1), signs.count(0), signs.count(-1))
    return PairedDifference(len(gaps), mean, sd, interval, effect, t_p, wilcoxon_p, smallest, *counts)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P values corrected for their number (Holm 1979); those that are not there are not counted.

    The k-th smallest of m is multiplied by m - k + 1, and none is below one that is smaller.

    Raises:
        DataError: if one is not between 0 and 1.

    Example:
        >>> holm([0.01, None, 0.04, 0.03])
        [0.03, None, 0.06, 0.06]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    if not all(0 <= p <= 1 for p, _ in known):
        raise DataError(f"p_values: expected numbers between 0 and 1, got {[p for p, _ in known]}")
    corrected: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        corrected[place] = largest
    return corrected
