"""The history of runs as curves: which belong into one picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_CHARTS = 12
_MOST_POINTS = 400
_SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Chart:
    """Curves that share an axis.

    Attributes:
        title: the number.
        series: name → (epoch from 1, value) pairs.
        marked: the epoch whose weights the run ends with, in the chart of what chose it.
    """

    title: str
    series: dict[str, list[tuple[int, float]]]
    marked: int | None = None


def charts_of(
    histories: Mapping[str, Sequence[Mapping[str, Any]]], selected: Mapping[str, Any] | None = None
) -> list[Chart]:
    """A chart a number: of one run its splits together, of several every run's own curve.

    Args:
        histories: label of a run → the lines of its ``metrics.jsonl``.
        selected: of one run, the epoch that was chosen and the metric that chose it, whose chart is the first.

    Example:
        >>> lines = [{"epoch": 0, "train/loss": 1.0, "val/loss": 2.0, "lr": 0.1}]
        >>> [(chart.title, list(chart.series)) for chart in charts_of({"a": lines})]
        [('loss', ['train', 'val']), ('lr', ['lr'])]
        >>> [(chart.title, list(chart.series)) for chart in charts_of({"a": lines, "b": lines[:0]})][0]
        ('train/loss', ['a'])
        >>> charts_of({"a": lines}, {"epoch": 0, "metric": "val/loss", "value": 2.0})[0].marked
        1
    """
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for label, history in histories.items():
        for name in dict.fromkeys(key for record in history for key in record if key != "epoch"):
            split, _, rest = name.partition("/")
            title, series = (rest, split) if len(histories) == 1 and rest and split in _SPLITS else (name, label)
            series = name if len(histories) == 1 and title == name else series
            points = [(record["epoch"] + 1, float(record[name])) for record in history if name in record]
            step = max(1, math.ceil(len(points) / _MOST_POINTS))
            found.setdefault(title, {})[series] = points[::-1][::step][::-1]
    chosen = {} if selected is None else {selected["metric"].partition("/")[2]: selected["epoch"] + 1}
    order = sorted(found, key=lambda title: (title not in chosen, "loss" not in title, title == "lr"))
    return [Chart(title, found[title], chosen.get(title)) for title in order[:MOST_CHARTS]]
