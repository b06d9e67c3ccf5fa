"""One experiment over its published folds: a run per fold, mean ± standard deviation over them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avgraph.config import (
    Experiment,
    dump_experiment,
    experiment_from_dict,
    load_experiment,
    load_run_experiment,
)
from avgraph.errors import ConfigError, DataError
from avgraph.io.files import remove_leftovers
from avgraph.runs import folder as folder
from avgraph.runs.finished import Run
from avgraph.runs.run import Overrides, resume, train_in
from avgraph.runs.training import pick_device
from avgraph.runs.verdict import joint_verdict
from avgraph.runtime.interrupt import interruptible


@dataclass(frozen=True)
class FoldRuns:
    """Runs over several folds.

    Attributes:
        directory: the folder that holds one run folder per fold, ``fold-1``, ``fold-2``, ….
        runs: the runs by fold.
        summary: per metric its ``mean``, ``sd`` (sample standard deviation) and ``values`` by fold.
    """

    directory: Path
    runs: dict[int, Run]
    summary: dict[str, dict[str, Any]]


def train_folds(
    experiment: str | Path, folds: Sequence[int] = (1, 2, 3, 4, 5), overrides: Overrides = (), *, quiet: bool = True
) -> FoldRuns:
    """Train one run per fold and summarise them; every fold has the same seed and settings.

    Raises:
        ConfigError: if the data set has no ``fold`` option, or there is no fold.
    """
    declared = load_experiment(experiment, overrides, check_files=True)
    if not folds:
        raise ConfigError("folds: expected at least one")
    if not hasattr(declared.dataset, "fold"):
        raise ConfigError(f"folds: data set '{declared.dataset.type}' has no folds")
    experiments = {fold: _of_fold(declared, fold) for fold in folds}  # a fold that clashes is told before any work
    pick_device(declared.train.device)  # refuse a device that is not there before a folder is made
    with folder.new_run(declared) as directory, _at_work(directory):
        folder.write_json(directory / folder.FOLDS, {"folds": list(folds)})
        return _run_folds(experiments, directory, quiet=quiet)


def resume_folds(path: str | Path, *, quiet: bool = True) -> FoldRuns:
    """Continue the folds that are missing or unfinished.

    Raises:
        DataError: if ``path`` is not the folder of runs over folds, or another process works in it.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP; the message says how the runs continue.
    """
    directory = Path(path)
    if not is_fold_run(directory):
        raise DataError(f"{directory}: not the folder of runs over folds (it has no {folder.FOLDS})")
    declared = load_run_experiment(directory / folder.CONFIG)
    folds: Any = folder.read_json(directory / folder.FOLDS).get("folds")
    if not isinstance(folds, list) or not folds or not all(type(fold) is int for fold in folds):
        raise DataError(f"{directory / folder.FOLDS}: expected whole numbers under 'folds'")
    with _at_work(directory):
        remove_leftovers(directory, below=False)
        return _run_folds({fold: _of_fold(declared, fold) for fold in folds}, directory, quiet=quiet)


def is_fold_run(path: str | Path) -> bool:
    """Whether a folder holds one run per fold."""
    return (Path(path) / folder.FOLDS).is_file()


def _of_fold(declared: Experiment, fold: int) -> Experiment:
    """The experiment on another test fold, checked again as a whole."""
    return experiment_from_dict(declared.to_dict(), {"dataset.fold": fold})


@contextmanager
def _at_work(directory: Path) -> Iterator[None]:
    """What surrounds the runs; each has a lock of its own beside that of their folder."""
    with interruptible(f"avgraph resume {directory} continues"), folder.working_in(directory):
        yield


def _run_folds(experiments: dict[int, Experiment], directory: Path, *, quiet: bool) -> FoldRuns:
    runs = {}
    for fold, experiment in experiments.items():
        place = directory / f"fold-{fold}"
        if (place / folder.CONFIG).is_file():
            runs[fold] = resume(place, quiet=quiet)
            continue
        place.mkdir(exist_ok=True)
        folder.write_text(place / folder.CONFIG, dump_experiment(experiment))
        runs[fold] = train_in(place, experiment, quiet=quiet)
    summary = summarise({fold: run.metrics for fold, run in runs.items()})
    data = next(iter(runs.values())).metrics["data"]
    checks = [{"fold": fold, **check} for fold, run in runs.items() for check in run.metrics.get("checks", [])]
    name = next(iter(experiments.values())).name
    folder.write_json(
        directory / folder.METRICS,
        {
            "experiment": name,
            "data": {"source": data.get("source")},
            **summary,
            "verdict": joint_verdict([run.metrics.get("verdict") for run in runs.values()]),
            "checks": checks,
        },
    )
    return FoldRuns(directory, runs, summary)


def summarise(metrics: dict[int, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Mean and sample standard deviation over folds of every number that all folds report.

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
        values = [float(of_fold[name]) for of_fold in metrics.values()]
        mean = math.fsum(values) / len(values)
        square = math.fsum((value - mean) ** 2 for value in values)
        sd = math.sqrt(square / (len(values) - 1)) if len(values) > 1 else float("nan")
        by_fold = dict(zip(map(str, metrics), values, strict=True))
        summary[name] = {"mean": mean, "sd": None if math.isnan(sd) else sd, "values": by_fold}
    return summary
