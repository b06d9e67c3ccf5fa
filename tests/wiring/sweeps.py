"""What every option of a sweep does to its plan; nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from avgraph.config import load_experiment
from avgraph.options.sweep import Range, SweepOptions
from avgraph.runs.sweep.plan import Plan, experiment_with, new_plan, planned_grid, with_sweep
from avgraph.runs.sweep.search import suggested
from tests.wiring.row import Component, becomes, row
from tests.wiring.see import See, seen

METHOD = {"type": "rrnet", "hidden_channels": 4}
CLIPS = {"type": "tests.wiring.toys:Names"}
FOUR = {"method.hidden_channels": [4, 8], "train.epochs": [0, 1]}


class PlanWorld:
    """A sweep as it is planned."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        path = Path("swept.yaml")
        path.write_text(yaml.safe_dump({"dataset": CLIPS, "method": METHOD, "train": {"threads": None}}))
        self.plan: Plan = new_plan(Path("sweep"), with_sweep(load_experiment(path), options), path, ())

    @property
    def threads(self) -> int | None:
        """Of the experiment with a setting."""
        return experiment_with(self.plan.file, (), {}, self.plan.options.workers).train.threads


def _share(world: PlanWorld) -> bool:
    """Whether runs get a share of the cores; by themselves they take all."""
    return world.threads is not None


class Recorder:
    """What Optuna would be asked for."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.asked: tuple[Any, ...] = ()
        suggested(self, "rate", Range(**options))

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float:
        """A number between two."""
        self.asked = ("float", low, high, log)
        return low

    def suggest_int(self, name: str, low: int, high: int, *, log: bool) -> int:
        """A whole number between two."""
        self.asked = ("int", low, high, log)
        return low


RUNS = See("folders of a setting's runs", lambda world: [path.name for path in world.plan.runs(0).values()])
SETTINGS = See("settings of the grid", lambda world: planned_grid(world.plan))
ASKED = See("what Optuna is asked for", lambda world: world.asked)

SWEEP = Component(
    "sweep", SweepOptions, PlanWorld, {"options": FOUR}, (
        row("options", {"train.epochs": [5]}, SETTINGS, becomes([{"train.epochs": 5}])),
        row("search", "optuna", SETTINGS, becomes([])),
        row("trials", 7, seen("settings", lambda world: world.plan.count), becomes(7), search="optuna"),
        row("seeds", 3, RUNS, becomes(["seed-0", "seed-1", "seed-2"])),
        row("seeds", [4, 9], RUNS, becomes(["seed-4", "seed-9"])),
        row("folds", [1, 3], RUNS, becomes(["fold-1-seed-0", "fold-3-seed-0"])),
        row("metric", "val/loss", seen("what chooses", lambda world: world.plan.metric), becomes("val/loss")),
        row("metric", "val/loss", seen("is more better", lambda world: world.plan.larger), becomes(False)),
        row("goal", "min", seen("is more better", lambda world: world.plan.larger), becomes(False)),
        row("workers", 2, seen("whether runs have a share of the cores", _share), becomes(True)),
    ),
    {"prune": "tests/runs/test_sweep.py: test_optuna_gives_up_what_is_worse_than_the_median"},
)  # fmt: skip

RANGE = Component(
    "range", Range, Recorder, {"low": 1.0, "high": 8.0}, (
        row("low", 2.0, ASKED, becomes(("float", 2.0, 8.0, False))),
        row("high", 9.0, ASKED, becomes(("float", 1.0, 9.0, False))),
        row("log", True, ASKED, becomes(("float", 1.0, 8.0, True))),
        row("whole", True, ASKED, becomes(("int", 1, 8, False))),
    ),
)  # fmt: skip

COMPONENTS = (SWEEP, RANGE)
