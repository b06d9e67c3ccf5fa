"""Which epoch is the best one by a metric of the validation split, and when there is no better one to wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from avgraph.config import Experiment
from avgraph.errors import DataError, hint
from avgraph.options.values import VALIDATION
from avgraph.runs.metric_names import lower_is_better


@dataclass(frozen=True)
class Selected:
    """The best epoch.

    Attributes:
        epoch: as in ``metrics.jsonl``, counted from 0.
        metric: what has chosen it.
        value: of the metric.
    """

    epoch: int
    metric: str
    value: float

    def as_dict(self) -> dict[str, Any]:
        """As ``metrics.json`` has it."""
        return asdict(self)


@dataclass(frozen=True)
class Rule:
    """What chooses an epoch, and ends training. It looks at the history alone, so that a resumed run goes on alike.

    Attributes:
        metric: of the validation split.
        larger: whether more of it is better.
        first: epoch before which none is chosen.
        patience: measurements without a better one that end training; None for no end.
    """

    metric: str
    larger: bool
    first: int = 0
    patience: int | None = None

    def best(self, history: Sequence[Mapping[str, Any]]) -> Selected | None:
        """The first of the best epochs; None where none was measured, or not as a number.

        Example:
            >>> lines = [{"epoch": epoch, "val/map": value} for epoch, value in enumerate((0.2, 0.4, 0.4, 0.3))]
            >>> Rule("val/map", larger=True).best(lines)
            Selected(epoch=1, metric='val/map', value=0.4)
            >>> Rule("val/map", larger=True, first=2).best(lines).epoch, Rule("val/map", larger=False).best(lines).epoch
            (2, 0)
        """
        sign = 1 if self.larger else -1
        known = [(epoch, value) for epoch, value in self._measured(history) if value == value]  # NaN is nothing
        found = max(known, key=lambda one: sign * one[1], default=None)
        return None if found is None else Selected(found[0], self.metric, found[1])

    def ends(self, history: Sequence[Mapping[str, Any]]) -> bool:
        """Whether so many measurements have brought no better one.

        Example:
            >>> lines = [{"epoch": epoch, "val/map": value} for epoch, value in enumerate((0.2, 0.4, 0.4, 0.3))]
            >>> Rule("val/map", True, patience=2).ends(lines), Rule("val/map", True, patience=3).ends(lines)
            (True, False)
        """
        if self.patience is None:
            return False
        best = self.best(history)
        since = [epoch for epoch, _ in self._measured(history) if best is None or epoch > best.epoch]
        return len(since) >= self.patience

    def _measured(self, history: Sequence[Mapping[str, Any]]) -> list[tuple[int, float]]:
        return [
            (record["epoch"], float(record[self.metric]))
            for record in history
            if self.metric in record and record["epoch"] >= self.first
        ]


def rule_of(experiment: Experiment, names: Sequence[str]) -> Rule | None:
    """The rule of an experiment whose method measures the metrics ``names`` of validation rows; None chooses nothing.

    Raises:
        DataError: if there are none, the declared one is not among them, or no epoch that may be chosen is measured.
    """
    options, method = experiment.train, experiment.method
    if not names:
        raise DataError(f"train.measure_every: {method.type} finds nothing to measure in the split val of these data")
    if not options.chooses:
        return None
    usual = f"{VALIDATION}{method.chosen_by}" if method.chosen_by else names[0]
    metric = options.monitor or usual
    if metric not in names:
        raise DataError(f"train.monitor: {method.type} measures no {metric!r} here; {hint(metric, names, 'there are')}")
    first, every = method.chosen_from(options.epochs), options.measure_every
    if options.epochs // every * every <= first:
        told = f"expected a measurement after epoch {first}, from which on {method.type} is what it is to be"
        raise DataError(f"train.measure_every: {told}, got one every {every} epochs of {options.epochs}")
    larger = options.goal == "max" if options.goal != "auto" else not lower_is_better(metric)
    return Rule(metric, larger, first, options.patience)


def best_of(experiment: Experiment, history: Sequence[Mapping[str, Any]]) -> Selected | None:
    """The epoch that the rule of an experiment has chosen, by the metrics that its history has; None where none.

    Raises:
        DataError: as `rule_of`.
    """
    names = dict.fromkeys(name for record in history for name in record if name.startswith(VALIDATION))
    rule = rule_of(experiment, list(names))
    return None if rule is None else rule.best(history)
