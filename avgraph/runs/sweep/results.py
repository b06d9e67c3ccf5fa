"""What a sweep has found: a row per setting, chosen on validation; the test rows are looked at for the chosen one."""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avgraph.errors import DataError, hint
from avgraph.figures.sweep import draw_sweep
from avgraph.io.files import atomic_path
from avgraph.runs import folder as folder
from avgraph.runs.finished import load_run
from avgraph.runs.folds import finish_over
from avgraph.runs.repeats import Key, key_text
from avgraph.runs.sweep.plan import Plan, Setting

TABLE, ROWS, PICTURE = "sweep.json", "sweep.csv", "sweep.png"


@dataclass(frozen=True)
class Trial:
    """A setting and what it has reached.

    Attributes:
        directory: its folder, which holds its runs.
        setting: option → value.
        values: the metric by fold and seed, as text.
        given_up: whether not all of its runs were made, since the first ones were bad.
    """

    directory: Path
    setting: Setting
    values: Mapping[str, float]
    given_up: bool = False

    @property
    def mean(self) -> float:
        """Of the values."""
        return statistics.fmean(self.values.values())

    @property
    def sd(self) -> float | None:
        """Sample standard deviation of the values; None of one."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else None


@dataclass(frozen=True)
class Sweep:
    """A finished sweep.

    Attributes:
        directory: its folder.
        metric: what has chosen, of validation rows.
        larger: whether more of it is better.
        trials: the settings, in the order in which they were tried.
        chosen: the best of those that were not given up; None where no mean is a number.
        summary: of the chosen one's runs, as of runs over folds; test metrics among them.
        data: what the numbers are of.
    """

    directory: Path
    metric: str
    larger: bool
    trials: tuple[Trial, ...]
    chosen: Trial | None
    summary: Mapping[str, Mapping[str, Any]]
    data: Mapping[str, Any]


def value_of(place: Path, metric: str) -> float:
    """A metric of a finished run.

    Raises:
        DataError: if the run does not report it.
    """
    metrics = folder.read_metrics(place)
    if not isinstance(metrics.get(metric), float):
        known = [name for name in metrics if name.startswith("val/")]
        raise DataError(f"{place}: no metric {metric!r} to choose by; {hint(metric, known, 'of val it has')}")
    return float(metrics[metric])


def choose(trials: Sequence[Trial], *, larger: bool) -> Trial | None:
    """The best mean; the first of equal ones. A setting that was given up, or whose mean is no number, is none.

    Example:
        >>> one, two = (Trial(Path(name), {}, {"0": value}) for name, value in (("a", 0.5), ("b", 0.7)))
        >>> choose([one, two], larger=True).directory.name, choose([one, two], larger=False).directory.name
        ('b', 'a')
    """
    whole = [trial for trial in trials if not trial.given_up and math.isfinite(trial.mean)]
    return max(whole, key=lambda trial: trial.mean if larger else -trial.mean, default=None)


def finish(plan: Plan, trials: Sequence[Trial]) -> Sweep:
    """Write the tables and the picture of a sweep whose runs are done; ``sweep.json``, the last, says that it is."""
    runs: dict[int, dict[Key, Any]] = {}
    for number, trial in enumerate(trials):
        places = {key: place for key, place in plan.runs(number).items() if key_text(key) in trial.values}
        runs[number] = {key: load_run(place) for key, place in places.items()}
        if not trial.given_up:
            finish_over(runs[number], plan.over, trial.directory)
    chosen = choose(trials, larger=plan.larger)
    summary = {} if chosen is None else folder.read_json(chosen.directory / folder.METRICS)
    data = next(iter(runs[0].values())).metrics["data"]
    numbers = {name: row for name, row in summary.items() if "/" in name}
    found = Sweep(plan.directory, plan.metric, plan.larger, tuple(trials), chosen, numbers, data)
    _write_rows(found)
    draw_sweep(
        [(trial.setting, trial.mean, trial.sd) for trial in trials],
        plan.directory / PICTURE,
        metric=plan.metric,
        chosen=None if chosen is None else trials.index(chosen),
    )
    folder.write_json(plan.directory / TABLE, as_dict(found))
    return found


def as_dict(found: Sweep) -> dict[str, Any]:
    """A sweep as ``sweep.json`` has it."""
    rows = [
        {
            "trial": trial.directory.name,
            "setting": dict(trial.setting),
            "mean": trial.mean,
            "sd": trial.sd,
            "values": dict(trial.values),
            "given_up": trial.given_up,
        }
        for trial in found.trials
    ]
    return {
        "metric": found.metric,
        "goal": "max" if found.larger else "min",
        "data": dict(found.data),
        "trials": rows,
        "chosen": None if found.chosen is None else found.chosen.directory.name,
        "summary": dict(found.summary),
    }


def _write_rows(found: Sweep) -> None:
    """``sweep.csv``: a row per run, for a spreadsheet or a data frame."""
    options = list(dict.fromkeys(name for trial in found.trials for name in trial.setting))
    with atomic_path(found.directory / ROWS) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["trial", "run", *options, found.metric])
        for trial in found.trials:
            for key, value in trial.values.items():
                setting = [trial.setting.get(name) for name in options]
                writer.writerow([trial.directory.name, key, *setting, value])
