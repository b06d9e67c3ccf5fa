"""A finished run: loaded from its folder, and evaluated again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.config import Experiment, load_run_experiment
from avgraph.errors import DataError
from avgraph.methods.task import Task
from avgraph.runs import folder as folder
from avgraph.runs.graph_store import load_graph
from avgraph.runs.pipeline import build_task
from avgraph.runs.training import load_weights, pick_device
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.progress import counted
from avgraph.runtime.settings import run_settings


@dataclass(frozen=True)
class Run:
    """A run on disk.

    Attributes:
        directory: its folder.
        experiment: the resolved configuration.
        metrics: what ``metrics.json`` holds: ``<split>/<name>`` numbers, under ``data`` what they are of, and under
            ``checks`` what speaks against them (see `avgraph.runs.checks`).
    """

    directory: Path
    experiment: Experiment
    metrics: dict[str, Any]

    @cached_property
    def graph(self) -> HeteroData:
        """The graph with what was learned on its edges."""
        return load_graph(self.directory / folder.GRAPH)


def load_run(path: str | Path) -> Run:
    """A finished run from its folder.

    Raises:
        DataError: if ``path`` is not the folder of a finished run.
    """
    directory = Path(path)
    return Run(directory, experiment_of(directory), folder.read_metrics(directory))


def evaluate(run: Run | str | Path, *, device: str | None = None) -> dict[str, float]:
    """Compute the metrics of a run again, from its graph and its last checkpoint.

    Raises:
        DataError: if graph or checkpoint are missing or damaged.
    """
    directory = run.directory if isinstance(run, Run) else Path(run)
    experiment = experiment_of(directory)
    with interruptible(), counted(None, f"{experiment.name}: metrics"), run_settings(experiment.train.threads):
        return load_task(directory, experiment, device).metrics()


def load_task(directory: Path, experiment: Experiment, device: str | None = None) -> Task:
    """The method of a finished run of ``experiment`` with what it has learned, on ``device`` (None: as trained).

    Raises:
        DataError: if graph or checkpoint are missing or damaged.
    """
    options = experiment.train
    task = build_task(experiment.model_copy(update={"method": experiment.method.restored()}))
    data = directory / folder.DATA
    data = data if data.exists() else directory / folder.GRAPH
    task.bind(load_graph(data), options, experiment.seed)
    if options.precision == "64-true":
        task.double()
    load_weights(task, directory)
    task.to(pick_device(device or options.device)).eval()
    return task


def experiment_of(directory: Path) -> Experiment:
    """The configuration a run was started with.

    Raises:
        DataError: if ``directory`` is not the folder of one run.
    """
    path = directory / folder.CONFIG
    if not path.is_file():
        raise DataError(f"{directory}: not the folder of a run (it has no {folder.CONFIG})")
    if (directory / folder.FOLDS).is_file():
        raise DataError(f"{directory}: runs of several folds; name the folder of one, such as {directory}/fold-1")
    return load_run_experiment(path)
