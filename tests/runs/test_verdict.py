"""Intervals against scipy, and what a verdict is made of."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import binomtest, t

from avgraph.methods.headline import Headline
from avgraph.runs.verdict import interval_of, joint_verdict, verdict


@pytest.mark.parametrize(("hits", "count"), [(0, 5), (3, 7), (80, 80)])
def test_the_interval_of_a_share_is_wilsons(hits: int, count: int) -> None:
    expected = binomtest(hits, count).proportion_ci(method="wilson")
    found = interval_of(torch.arange(count) < hits)
    assert found == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_other_intervals_are_students() -> None:
    x = torch.randn(12, dtype=torch.float64)
    low, high = t.interval(0.95, 11, loc=float(x.mean()), scale=float(x.std()) / 12**0.5)
    assert interval_of(x) == pytest.approx((low, high), abs=1e-12)
    ones = torch.tensor([1.0, 1.0, 0.0])
    assert interval_of(ones, shares=False)[1] > 1 >= interval_of(ones)[1]


def test_a_verdict_has_an_interval_only_of_rows_whose_mean_is_the_metric() -> None:
    rows = torch.tensor([0.0, 1.0])
    of = Headline("test/map", rows=rows, baselines={"chance": 0.1}, ceiling=("all", 1.0))
    found = verdict(of, {"test/map": 0.5})
    assert found is not None
    assert found["interval"] == list(interval_of(rows))
    assert (found["baselines"], found["ceiling"]) == (
        [{"name": "chance", "value": 0.1}],
        [{"name": "all", "value": 1.0}],
    )
    other = verdict(of, {"test/map": 0.6})
    assert other is not None
    assert other["interval"] is None
    assert verdict(None, {"test/map": 0.5}) is None
    assert verdict(of, {}) is None


def test_a_joint_verdict_is_over_runs_of_one_metric() -> None:
    marks = {"baselines": [{"name": "chance", "value": 0.1}], "ceiling": []}
    runs = [{"metric": "test/map", "better": "higher", "value": value, **marks} for value in (0.4, 0.5, 0.6)]
    found = joint_verdict(runs)
    assert found is not None
    assert found["value"] == pytest.approx(0.5)
    assert found["interval"] == pytest.approx(t.interval(0.95, 2, loc=0.5, scale=0.1 / 3**0.5))
    assert found["baselines"] == [{"name": "chance", "value": pytest.approx(0.1)}]
    assert (found["rows"], found["unit"]) == (3, "seeds")
    thrice = joint_verdict([*runs, *runs, *runs], [1, 2, 3] * 3)  # three seeds of three folds that change nothing
    assert thrice is not None
    assert (thrice["rows"], thrice["unit"]) == (3, "folds")
    assert thrice["interval"] == pytest.approx(found["interval"])
    two = joint_verdict(runs[:2])
    assert two is not None
    assert two["interval"] is None
    assert joint_verdict([*runs, None]) is None
    assert joint_verdict([*runs, {**runs[0], "metric": "test/f"}]) is None
