"""Paired tests: equal to scipy's, Holm by its definition, and nothing where there is nothing to test."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from scipy import stats

from avgraph.errors import DataError
from avgraph.runs.paired import holm, paired_difference


def test_equals_scipy() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.random(8).tolist(), rng.random(8).tolist()
    found, gaps = paired_difference(one, other, confidence=0.9), np.subtract(one, other)
    t = stats.ttest_rel(one, other)
    assert found.t_p == t.pvalue
    assert found.interval == tuple(t.confidence_interval(0.9))
    assert found.wilcoxon_p == stats.wilcoxon(one, other).pvalue
    assert found.difference == pytest.approx(gaps.mean())
    assert found.sd == pytest.approx(gaps.std(ddof=1))
    assert found.effect == pytest.approx(gaps.mean() / gaps.std(ddof=1))
    assert (found.pairs, found.wins, found.ties, found.losses) == (8, (gaps > 0).sum(), 0, (gaps < 0).sum())


@pytest.mark.parametrize("count", [2, 5, 7])
def test_wilcoxon_cannot_fall_below_what_is_told(count: int) -> None:
    found = paired_difference([0.1 * (k + 1) for k in range(count)], [0.0] * count)
    assert found.smallest_wilcoxon_p == 2 / 2**count
    assert found.wilcoxon_p == found.smallest_wilcoxon_p  # all pairs say the same


def test_equal_pairs_count_for_nothing_in_wilcoxon() -> None:
    found = paired_difference([0.5, 0.6, 0.7, 0.8], [0.5, 0.5, 0.5, 0.5])
    assert (found.wins, found.ties, found.losses) == (3, 1, 0)
    assert found.smallest_wilcoxon_p == found.wilcoxon_p == 0.25


def test_one_pair_has_a_difference_and_no_p() -> None:
    found = paired_difference([0.5], [0.25])
    assert found.difference == 0.25
    assert found.sd is found.interval is found.effect is found.t_p is found.wilcoxon_p is None


def test_without_spread_there_is_no_t() -> None:
    alike = paired_difference([0.1, 0.2, 0.3], [0.0, 0.1, 0.2])  # equal but for rounding
    assert alike.t_p is alike.interval is alike.effect is None
    assert alike.wilcoxon_p == 0.25
    equal = paired_difference([0.1, 0.2], [0.1, 0.2])
    assert equal.t_p is equal.wilcoxon_p is equal.smallest_wilcoxon_p is None
    assert equal.ties == 2


@pytest.mark.parametrize(
    ("one", "other", "confidence", "message"),
    [
        ([1.0], [1.0, 2.0], 0.95, "got 1 and 2"),
        ([], [], 0.95, "and some, got 0 and 0"),
        ([math.nan, 1.0], [1.0, 2.0], 0.95, "expected finite numbers"),
        ([1.0, 2.0], [2.0, 1.5], 95, "confidence: expected a number between 0 and 1, got 95"),
    ],
)
def test_bad_input(one: list[float], other: list[float], confidence: float, message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        paired_difference(one, other, confidence=confidence)


def rejected(p_values: list[float], level: float) -> set[int]:
    """Holm's procedure as he wrote it: from the smallest on, until one is above level / those that are left."""
    found = set()
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        if p_values[place] > level / (len(p_values) - rank):
            break
        found.add(place)
    return found


def test_holm_rejects_what_his_procedure_rejects() -> None:
    p_values = (np.random.default_rng(1).random(9) ** 3).tolist()
    corrected = holm(p_values)
    for level in np.linspace(0.001, 0.999, 97):
        assert {place for place, p in enumerate(corrected) if p is not None and p <= level} == rejected(p_values, level)
    assert holm([None, 0.2, None]) == [None, 0.2, None]
    with pytest.raises(DataError, match=r"expected numbers between 0 and 1, got \[0.5, 1.5\]"):
        holm([0.5, 1.5])
