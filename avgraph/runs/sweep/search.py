"""Which settings come next: all of a grid at once, or what Optuna makes of those before."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from avgraph.errors import ConfigError
from avgraph.options.sweep import Range
from avgraph.runs import folder as folder
from avgraph.runs.repeats import Key, key_text
from avgraph.runs.sweep.plan import SETTING, Plan, Setting, planned_grid
from avgraph.runs.sweep.results import Trial, value_of

Work = Callable[[Sequence[Path]], None]
"""Brings the runs of some folders to their end."""


def try_grid(plan: Plan, work: Work) -> list[Trial]:
    """Every run of every setting."""
    settings = planned_grid(plan)
    work([place for number in range(len(settings)) for place in plan.runs(number).values()])
    return [_trial(plan, number, setting, list(plan.runs(number))) for number, setting in enumerate(settings)]


def try_optuna(plan: Plan, work: Work) -> list[Trial]:
    """As many settings as there are workers at a time, run by run, while they are worth it.

    The n-th setting is a function of the seed, n and what the settings before have reached; it is kept in its folder.
    A sweep that goes on so tries what an unbroken one would have tried.
    """
    study, options = _Study(plan), plan.options
    trials: list[Trial] = []
    for first in range(0, options.trials, options.workers):
        numbers = range(first, min(first + options.workers, options.trials))
        settings = {number: study.ask(number) for number in numbers}
        for number, setting in settings.items():
            plan.prepare(number, setting)
        alive, keys = list(numbers), list(plan.runs(first))
        done: dict[int, list[Key]] = {number: [] for number in numbers}
        for key in keys:
            work([plan.runs(number)[key] for number in alive])
            for number in alive:
                done[number].append(key)
            alive = [number for number in alive if not study.gives_up(number, _values(plan, number, done[number]))]
        for number in numbers:
            trials.append(_trial(plan, number, settings[number], done[number], given_up=number not in alive))
            study.tell(number, trials[-1])
    return trials


def _values(plan: Plan, number: int, keys: Sequence[Key]) -> dict[str, float]:
    places = plan.runs(number)
    return {key_text(key): value_of(places[key], plan.metric) for key in keys}


def _trial(plan: Plan, number: int, setting: Setting, keys: Sequence[Key], *, given_up: bool = False) -> Trial:
    return Trial(plan.place(number), setting, _values(plan, number, keys), given_up)


class _Study:
    """Optuna's study, in memory: all that it has to know is in the folders of the settings."""

    def __init__(self, plan: Plan) -> None:
        try:
            import optuna
        except ImportError:
            raise ConfigError("sweep.search: optuna is not installed; pip install 'avgraph[sweep]'") from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.optuna, self.plan = optuna, plan
        self.pruner = optuna.pruners.MedianPruner() if plan.options.prune else optuna.pruners.NopPruner()
        direction = "maximize" if plan.larger else "minimize"
        self.study = optuna.create_study(direction=direction, pruner=self.pruner)
        self.asked: dict[int, Any] = {}

    def ask(self, number: int) -> dict[str, Any]:
        """The setting of a number: what its folder says, else what the sampler draws."""
        kept = self.plan.place(number) / SETTING
        self.study.sampler = self.optuna.samplers.TPESampler(seed=(self.plan.declared.seed + number) % 2**32)
        setting: dict[str, Any] | None = folder.read_json(kept) if kept.is_file() else None
        options = self.plan.options.options
        if setting is not None:
            self.study.enqueue_trial({name: _drawn(options[name], value) for name, value in setting.items()})
        trial = self.asked[number] = self.study.ask()
        return {name: suggested(trial, name, values) for name, values in options.items()}

    def gives_up(self, number: int, values: Mapping[str, float]) -> bool:
        """Whether a setting is not worth a further run, after so many."""
        mean = statistics.fmean(values.values())
        self.asked[number].report(mean, len(values))
        return len(values) < len(self.plan.runs(number)) and bool(self.asked[number].should_prune())

    def tell(self, number: int, trial: Trial) -> None:
        """What a setting has reached."""
        state = self.optuna.trial.TrialState
        if trial.given_up:
            self.study.tell(self.asked[number], state=state.PRUNED)
        elif math.isfinite(trial.mean):
            self.study.tell(self.asked[number], trial.mean)
        else:
            self.study.tell(self.asked[number], state=state.FAIL)


def suggested(trial: Any, name: str, values: Range | list[Any]) -> Any:
    """A value of an option, of Optuna's choice."""
    if isinstance(values, list):
        return values[trial.suggest_categorical(name, list(range(len(values))))]
    if values.whole:
        return trial.suggest_int(name, int(values.low), int(values.high), log=values.log)
    return trial.suggest_float(name, values.low, values.high, log=values.log)


def _drawn(values: Range | list[Any], value: Any) -> Any:
    """The value as Optuna knows it: a number, or the place in a list, which may hold lists and mappings."""
    return values.index(value) if isinstance(values, list) else value
