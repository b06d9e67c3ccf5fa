"""What a run has reached, how sure that is, and what it stands beside: ``verdict`` in ``metrics.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from avgraph.methods.headline import Headline

_LEVEL = 0.95
_FEWEST_RUNS = 3  # the interval of two is thirteen times as wide as their deviation
_SAME = 1e-5  # how far the mean of the rows may be from the metric, as a share of it


def verdict(headline: Headline | None, metrics: Mapping[str, float]) -> dict[str, Any] | None:
    """The headline of a run with its 95 % interval, as plain data; None where there is nothing to judge by.

    Args:
        headline: of the method.
        metrics: ``<split>/<name>`` numbers.

    Returns:
        ``metric``, ``better``, ``value``, ``interval`` (two numbers, or None), ``rows`` and ``unit`` (of how many of
        what), ``baselines`` and ``ceiling`` (each a list of ``name`` and ``value``).

    Example:
        >>> import torch
        >>> rows = torch.tensor([1.0, 1.0, 0.0, 1.0])
        >>> found = verdict(Headline("test/accuracy", rows=rows), {"test/accuracy": 0.75})
        >>> [round(end, 3) for end in found["interval"]]
        [0.301, 0.954]
    """
    if headline is None or headline.metric not in metrics:
        return None
    value, rows, interval = metrics[headline.metric], headline.rows, None
    if rows is not None and len(rows) > 1 and math.isclose(float(rows.double().mean()), value, rel_tol=_SAME):
        interval = list(interval_of(rows))
    return {
        "metric": headline.metric,
        "better": headline.better,
        "value": value,
        "interval": interval,
        "rows": None if rows is None else len(rows),
        "unit": headline.unit,
        "baselines": [{"name": name, "value": reached} for name, reached in headline.baselines.items()],
        "ceiling": [] if headline.ceiling is None else [dict(zip(("name", "value"), headline.ceiling, strict=True))],
    }


def interval_of(rows: Tensor, *, shares: bool = True) -> tuple[float, float]:
    r"""The 95 % interval of a mean over rows that are taken as independent.

    Student's, :math:`\bar x \pm t\,s/\sqrt n`; of rows that are 0 or 1 Wilson's (1927), which stays within 0 … 1.

    Args:
        rows: what the mean is of.
        shares: whether rows of nothing but 0 and 1 are counts of what is right, or numbers like others.

    Shapes:
        rows [n], n ≥ 2

    Example:
        >>> import torch
        >>> low, high = interval_of(torch.tensor([1.0, 2.0, 3.0]))
        >>> round(low, 3), round(high, 3)
        (-0.484, 4.484)
    """
    from scipy.stats import norm, t

    x, n = rows.double(), len(rows)
    mean = float(x.mean())
    if shares and bool(((x == 0) | (x == 1)).all()):
        z = float(norm.ppf(0.5 + _LEVEL / 2))
        centre, spread = mean + z * z / (2 * n), z * math.sqrt(mean * (1 - mean) / n + z * z / (4 * n * n))
        return max(0.0, (centre - spread) / (1 + z * z / n)), min(1.0, (centre + spread) / (1 + z * z / n))
    half = float(t.ppf(0.5 + _LEVEL / 2, n - 1) * x.std() / math.sqrt(n))
    return mean - half, mean + half


def joint_verdict(
    verdicts: Sequence[Mapping[str, Any] | None], folds: Sequence[int] | None = None
) -> dict[str, Any] | None:
    """The verdict over runs of one experiment: means, and the interval of the mean over its folds, or else its seeds.

    None where a run has no verdict, or they are of several metrics.

    Args:
        verdicts: of every run.
        folds: the fold of each, if they have one: several seeds of a fold count once, as their mean.

    Example:
        >>> one = {"metric": "test/map", "better": "higher", "baselines": [], "ceiling": []}
        >>> found = joint_verdict([one | {"value": 0.4}, one | {"value": 0.6}])
        >>> found["value"], found["rows"], found["unit"]
        (0.5, 2, 'seeds')
    """
    import torch

    known = [found for found in verdicts if found is not None]
    if len(known) != len(verdicts) or len({(found["metric"], found["better"]) for found in known}) != 1:
        return None
    first, values = known[0], torch.tensor([found["value"] for found in known], dtype=torch.float64)
    if folds is not None:
        values = torch.stack([values[torch.tensor(folds) == fold].mean() for fold in dict.fromkeys(folds)])
    return {
        "metric": first["metric"],
        "better": first["better"],
        "value": float(values.mean()),
        "interval": list(interval_of(values, shares=False)) if len(values) >= _FEWEST_RUNS else None,
        "rows": len(values),
        "unit": "seeds" if folds is None else "folds",
        **{key: _means([found[key] for found in known]) for key in ("baselines", "ceiling")},
    }


def _means(lists: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Of what every run names."""
    found = [{mark["name"]: mark["value"] for mark in marks} for marks in lists]
    common = [name for name in found[0] if all(name in marks for marks in found)]
    return [{"name": name, "value": math.fsum(marks[name] for marks in found) / len(found)} for name in common]
