"""The number that a run is judged by, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor

Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Headline:
    """What to judge a run by.

    Attributes:
        metric: its name in ``metrics.json``, ``<split>/<name>``.
        better: whether more of it is better, or less.
        rows: what the metric is the mean of, a value a row of the split [n]; None where the method keeps none.
        baselines: what it is called → what it reaches on the same rows: models that the run started from, and what
            needs no model.
        ceiling: what sets it, and the best value that this leaves room for; None where there is none.
        unit: what a row is called.

    Example:
        >>> Headline("test/accuracy", baselines={"the majority class": 0.1}).better
        'higher'
    """

    metric: str
    better: Better = "higher"
    rows: Tensor | None = None
    baselines: Mapping[str, float] = field(default_factory=dict)
    ceiling: tuple[str, float] | None = None
    unit: str = "rows"


def judged_split(metrics: Mapping[str, float], name: str) -> str | None:
    """The split to judge a run by: ``test`` where the metric ``name`` is of it, else ``val``; None without either.

    Example:
        >>> judged_split({"val/map": 0.5, "test/map": 0.4}, "map"), judged_split({"train/map": 1.0}, "map")
        ('test', None)
    """
    return next((split for split in ("test", "val") if f"{split}/{name}" in metrics), None)
