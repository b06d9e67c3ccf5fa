"""Runs of one experiment that differ by fold and seed alone: which they are, and their mean ± standard deviation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from avgraph.config import Experiment, experiment_from_dict

Key = int | tuple[int, int]
"""A fold, a seed, or a fold and a seed."""
Over = Mapping[str, Sequence[int]]
"""``{"folds": [1, 2], "seeds": [0, 1]}``, or one of the two."""
_OPTION = {"folds": "dataset.fold", "seeds": "seed"}


def experiments_over(declared: Experiment, over: Over) -> dict[Key, Experiment]:
    """The experiment on every fold and with every seed, each checked again as a whole.

    Args:
        declared: the experiment.
        over: the folds, the seeds, or both.

    Raises:
        ConfigError: if one of them does not go with the other options.
    """
    found: dict[Key, Experiment] = {}
    for numbers in product(*over.values()):
        changes = {_OPTION[axis]: number for axis, number in zip(over, numbers, strict=True)}
        key = numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])
        found[key] = experiment_from_dict(declared.to_dict(), changes)
    return found


def place_of(over: Over, key: Key) -> str:
    """Name of the folder of a run.

    Example:
        >>> place_of({"folds": [1], "seeds": [0]}, (1, 0)), place_of({"seeds": [0]}, 0)
        ('fold-1-seed-0', 'seed-0')
    """
    numbers = key if isinstance(key, tuple) else (key,)
    return "-".join(f"{axis.removesuffix('s')}-{number}" for axis, number in zip(over, numbers, strict=True))


def summarise(metrics: Mapping[Key, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Mean and sample standard deviation over folds or seeds of every number that all of them report.

    Example:
        >>> summarise({1: {"test/accuracy": 0.5}, 2: {"test/accuracy": 0.7}})["test/accuracy"]["mean"]
        0.6
    """
    names = [
        name
        for name, value in next(iter(metrics.values())).items()
        if "/" in name and isinstance(value, float) and all(name in other for other in metrics.values())
    ]
    summary = {}
    for name in names:
        values = [float(of_run[name]) for of_run in metrics.values()]
        mean = math.fsum(values) / len(values)
        square = math.fsum((value - mean) ** 2 for value in values)
        sd = math.sqrt(square / (len(values) - 1)) if len(values) > 1 else None
        by_key = dict(zip(map(key_text, metrics), values, strict=True))
        summary[name] = {"mean": mean, "sd": sd, "values": by_key}
    return summary


def key_text(key: Key) -> str:
    """A key as JSON has it: ``1``, or ``1, 0`` for a fold and a seed.

    Example:
        >>> key_text(1), key_text((1, 0))
        ('1', '1, 0')
    """
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)
