"""What a sweep is going to do: its settings, the runs of each, and what chooses among them, kept in its folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from avgraph.config import Experiment, dump_experiment, experiment_from_dict, load_experiment, load_run_experiment
from avgraph.config.builtin import METHODS
from avgraph.config.overrides import as_texts
from avgraph.errors import ConfigError, DataError
from avgraph.options.base import MethodOptions
from avgraph.options.sweep import SweepOptions
from avgraph.options.values import VALIDATION
from avgraph.runs import folder as folder
from avgraph.runs.folds import seeds_of
from avgraph.runs.metric_names import lower_is_better
from avgraph.runs.repeats import Key, Over, experiments_over, place_of
from avgraph.runs.run import Overrides

SETTING = "setting.json"
Setting = Mapping[str, Any]
"""Option by its dotted name → its value."""


@dataclass(frozen=True)
class Plan:
    """A sweep to be run.

    Attributes:
        directory: its folder.
        declared: the experiment with its ``sweep``, everything resolved.
        file: the experiment's file, as an absolute path, which settings that Optuna thinks of are laid over.
        overrides: laid over the file before them.
        over: folds and seeds of each setting.
        metric: what chooses.
        larger: whether more of it is better.
    """

    directory: Path
    declared: Experiment
    file: str
    overrides: tuple[str, ...]
    over: Over
    metric: str
    larger: bool

    @property
    def options(self) -> SweepOptions:
        """What the experiment says of the sweep."""
        return sweep_of(self.declared)

    @property
    def count(self) -> int:
        """How many settings it tries."""
        return len(planned_grid(self)) if self.options.search == "grid" else self.options.trials

    def place(self, number: int) -> Path:
        """The folder of a setting, counted from 0."""
        return self.directory / f"trial-{number + 1:02d}"

    def runs(self, number: int) -> dict[Key, Path]:
        """The folders of the runs of a setting."""
        keys = [key[0] if len(key) == 1 else (key[0], key[1]) for key in product(*self.over.values())]
        return {key: self.place(number) / place_of(self.over, key) for key in keys}

    def prepare(self, number: int, setting: Setting) -> None:
        """Write the configurations of a setting's runs, where they are not there yet.

        Raises:
            ConfigError: if the setting does not go with the other options.
        """
        place = self.place(number)
        if (place / folder.FOLDS).is_file():
            return
        declared = experiment_with(self.file, self.overrides, setting, self.options.workers)
        place.mkdir(exist_ok=True)
        for key, experiment in experiments_over(declared, self.over).items():
            run = place / place_of(self.over, key)
            run.mkdir(exist_ok=True)
            folder.write_text(run / folder.CONFIG, dump_experiment(experiment))
        folder.write_text(place / folder.CONFIG, dump_experiment(declared))
        folder.write_json(place / SETTING, dict(setting))
        folder.write_json(place / folder.FOLDS, dict(self.over))  # last: a setting with it is whole


def grid(options: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values, the last option changing fastest.

    Example:
        >>> grid({"a": [1, 2], "b": [3]})
        [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]
    """
    return [dict(zip(options, values, strict=True)) for values in product(*options.values())]


def planned_grid(plan: Plan) -> list[dict[str, Any]]:
    """The settings of a grid; of Optuna's none is known beforehand."""
    options = plan.options
    lists = {name: values for name, values in options.options.items() if isinstance(values, list)}
    return grid(lists) if options.search == "grid" else []


def sweep_of(declared: Experiment) -> SweepOptions:
    """The ``sweep`` of an experiment.

    Raises:
        ConfigError: if it has none, or one without options.
    """
    if declared.sweep is None or not declared.sweep.options:
        message = "sweep.options: expected options to try, such as {method.hidden_channels: [8, 16]}"
        raise ConfigError(f"{message}, or --set method.hidden_channels=8,16")
    return declared.sweep


def with_sweep(declared: Experiment, sweep: Mapping[str, Any]) -> Experiment:
    """The experiment with another ``sweep``.

    Raises:
        ConfigError: if its options are wrong; one line a mistake.
    """
    return experiment_from_dict({**declared.to_dict(), "sweep": sweep})


def experiment_with(file: str, overrides: Sequence[str], setting: Setting, workers: int) -> Experiment:
    """The experiment of a file with a setting laid over it, on its share of the cores.

    Raises:
        ConfigError: if the setting does not go with the other options.
    """
    laid = [*overrides, *(f"{name}={json.dumps(value)}" for name, value in setting.items()), "sweep=null"]
    declared = load_experiment(file, laid, check_files=True)
    share = max(1, (os.cpu_count() or 1) // workers)
    if workers == 1 or (declared.train.threads or share + 1) <= share:
        return declared
    return load_experiment(file, [*laid, f"train.threads={share}"])


def chosen_metric(declared: Experiment) -> tuple[str, bool]:
    """The metric that chooses, and whether more of it is better.

    Raises:
        ConfigError: if none is given, and the method has no usual one.
    """
    options = sweep_of(declared)
    method = METHODS.get(declared.method.type)
    usual = method.chosen_by if method is not None and issubclass(method, MethodOptions) else ""
    if options.metric is None and not usual:
        message = f"sweep.metric: method {declared.method.type} has no usual one; name a metric of the split val"
        raise ConfigError(f"{message}, as its metrics.json has it")
    metric = options.metric or f"{VALIDATION}{usual}"
    return metric, options.goal == "max" if options.goal != "auto" else not lower_is_better(metric)


def new_plan(directory: Path, declared: Experiment, file: str | Path, overrides: Overrides) -> Plan:
    """The plan of a sweep in its new folder; nothing is written.

    Raises:
        ConfigError: if there is nothing to try, or nothing to choose by.
    """
    options = sweep_of(declared)
    over: dict[str, Sequence[int]] = {} if options.folds is None else {"folds": options.folds}
    over["seeds"] = seeds_of(declared, options.seeds)
    metric, larger = chosen_metric(declared)
    return Plan(directory, declared, os.path.abspath(file), as_texts(overrides), over, metric, larger)


def write_plan(plan: Plan) -> None:
    """Keep a plan in its folder; a sweep that has it can be resumed."""
    content = {"file": plan.file, "overrides": list(plan.overrides), "metric": plan.metric, "larger": plan.larger}
    folder.write_json(plan.directory / folder.PLAN, {**content, "over": dict(plan.over)})


def read_plan(directory: Path) -> Plan:
    """The plan of a sweep from its folder.

    Raises:
        DataError: if it is not the folder of a sweep, or damaged.
    """
    path = directory / folder.PLAN
    if not is_sweep(directory):
        raise DataError(f"{directory}: not the folder of a sweep (it has no {folder.PLAN})")
    content = folder.read_json(path)
    kinds = {"file": str, "overrides": list, "metric": str, "larger": bool, "over": dict}
    for name, kind in kinds.items():
        if not isinstance(content.get(name), kind):
            raise DataError(f"{path}: expected a {kind.__name__} under '{name}'")
    declared = load_run_experiment(directory / folder.CONFIG)
    values = {name: content[name] for name in kinds}
    return Plan(directory, declared, **{**values, "overrides": tuple(values["overrides"])})


def is_sweep(path: str | Path) -> bool:
    """Whether a folder is that of a sweep."""
    return (Path(path) / folder.PLAN).is_file()
