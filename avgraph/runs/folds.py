"""One experiment over its published folds, over seeds, or both: a run each, mean ± standard deviation over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avgraph.config import Experiment, load_experiment, load_run_experiment
from avgraph.errors import ConfigError, DataError, first_few
from avgraph.io.files import remove_leftovers
from avgraph.runs import folder as folder
from avgraph.runs.distributed.devices import check_place
from avgraph.runs.finished import Run
from avgraph.runs.repeats import Key, Over, experiments_over, place_of, summarise
from avgraph.runs.run import Overrides, check_one_run, run_in
from avgraph.runs.verdict import joint_verdict


@dataclass(frozen=True)
class FoldRuns:
    """Runs over several folds, several seeds, or both.

    Attributes:
        directory: the folder that holds a run folder each, ``fold-1``, ``seed-0`` or ``fold-1-seed-0`` and so on.
        runs: the runs by fold, by seed, or by fold and seed.
        summary: per metric its ``mean``, ``sd`` (sample standard deviation) and ``values`` by the same.
        over: ``fold``, ``seed`` or both.
    """

    directory: Path
    runs: dict[Key, Run]
    summary: dict[str, dict[str, Any]]
    over: tuple[str, ...] = ("fold",)

    def told(self, key: Key) -> str:
        """``fold 1``, ``seed 0`` or ``fold 1, seed 0``."""
        numbers = key if isinstance(key, tuple) else (key,)
        return ", ".join(f"{axis} {number}" for axis, number in zip(self.over, numbers, strict=True))


def train_folds(
    experiment: str | Path,
    folds: Sequence[int] | None = None,
    overrides: Overrides = (),
    *,
    seeds: int | Sequence[int] | None = None,
    quiet: bool = True,
) -> FoldRuns:
    """Train one run per fold and summarise them; every fold has the same settings.

    Args:
        experiment: a path.
        folds: which; None takes all that the data have.
        overrides: as for `train`.
        seeds: of every fold, as for `train_seeds`; that of the experiment alone if not given.
        quiet: no progress on standard error.

    Raises:
        ConfigError: if the data set has no ``fold`` option, or not this fold.
    """
    declared = load_experiment(experiment, overrides, check_files=True)
    there = declared.dataset.folds()
    if not there:
        raise ConfigError(f"folds: data set '{declared.dataset.type}' has no folds")
    folds = there if folds is None else folds
    if not folds:
        raise ConfigError("folds: expected at least one")
    if missing := [fold for fold in folds if fold not in there]:
        raise ConfigError(f"folds: there is no fold {missing[0]}; the data have {first_few(there, 20)}")
    over = {"folds": list(folds)} | ({} if seeds is None else {"seeds": seeds_of(declared, seeds)})
    return _train_over(declared, over, quiet=quiet)


def train_seeds(
    experiment: str | Path, seeds: int | Sequence[int] = 5, overrides: Overrides = (), *, quiet: bool = True
) -> FoldRuns:
    """Train one run per seed and summarise them; every run has the same data and settings.

    Args:
        experiment: a path.
        seeds: how many, from the experiment's own upwards, or which.
        overrides: as for `train`.
        quiet: no progress on standard error.

    Raises:
        ConfigError: if there is no seed, one twice, or a number that is none.
    """
    declared = load_experiment(experiment, overrides, check_files=True)
    return _train_over(declared, {"seeds": seeds_of(declared, seeds)}, quiet=quiet)


def seeds_of(declared: Experiment, seeds: int | Sequence[int]) -> list[int]:
    """``3`` → the experiment's own seed and the two that follow it; a list is as it is.

    Raises:
        ConfigError: if there is none, or one twice.
    """
    numbers = list(range(declared.seed, declared.seed + seeds)) if isinstance(seeds, int) else list(seeds)
    if not numbers or len(set(numbers)) != len(numbers):
        raise ConfigError(f"seeds: expected how many, at least one, or a list without repetition, got {seeds}")
    return numbers


def resume_folds(path: str | Path, *, quiet: bool = True) -> FoldRuns:
    """Continue the runs over folds or seeds that are missing or unfinished.

    Raises:
        DataError: if ``path`` is not the folder of runs over folds or seeds, or another process works in it.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP; the message says how the runs continue.
    """
    directory = Path(path)
    if not is_fold_run(directory):
        raise DataError(f"{directory}: not the folder of runs over folds or seeds (it has no {folder.FOLDS})")
    declared = load_run_experiment(directory / folder.CONFIG)
    over = folder.read_over(directory)
    with folder.at_work(directory):  # each run has a lock of its own beside it
        remove_leftovers(directory, below=False)
        return _run_over(experiments_over(declared, over), over, directory, quiet=quiet)


def is_fold_run(path: str | Path) -> bool:
    """Whether a folder holds one run per fold, per seed, or per both."""
    return (Path(path) / folder.FOLDS).is_file()


def _train_over(declared: Experiment, over: dict[str, list[int]], *, quiet: bool) -> FoldRuns:
    check_one_run(declared)
    experiments = experiments_over(declared, over)  # one that clashes is told before any work
    check_place(declared.train)  # refuse a device that is not there before a folder is made
    with folder.new_run(declared) as directory, folder.at_work(directory):
        folder.write_json(directory / folder.FOLDS, over)
        return _run_over(experiments, over, directory, quiet=quiet)


def _run_over(experiments: Mapping[Key, Experiment], over: Over, directory: Path, *, quiet: bool) -> FoldRuns:
    places = {key: directory / place_of(over, key) for key in experiments}
    runs = {key: run_in(places[key], experiment, quiet=quiet) for key, experiment in experiments.items()}
    return finish_over(runs, over, directory)


def finish_over(runs: dict[Key, Run], over: Over, directory: Path) -> FoldRuns:
    """Write the summary of finished runs over folds or seeds into the folder that holds them."""
    axes = tuple(axis.removesuffix("s") for axis in over)
    summary = summarise({key: run.metrics for key, run in runs.items()})
    first = next(iter(runs.values()))
    checks = [
        {**dict(zip(axes, key if isinstance(key, tuple) else (key,), strict=True)), **check}
        for key, run in runs.items()
        for check in run.metrics.get("checks", [])
    ]
    data = {"source": first.metrics["data"].get("source")}
    of_fold = [key[0] if isinstance(key, tuple) else key for key in runs] if "fold" in axes else None
    verdict = joint_verdict([run.metrics.get("verdict") for run in runs.values()], of_fold)
    content = {"experiment": first.experiment.name, "data": data, **summary, "verdict": verdict, "checks": checks}
    folder.write_json(directory / folder.METRICS, content)
    return FoldRuns(directory, runs, summary, axes)
