"""A finished run: loaded from its folder, and evaluated again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.config import Experiment, load_run_experiment
from avgraph.errors import DataError
from avgraph.io.graph_file import load_graph
from avgraph.methods.predictions import Predictions
from avgraph.methods.task import Task
from avgraph.runs import folder as folder
from avgraph.runs.checkpoints import load_weights
from avgraph.runs.new_nodes import NewRows
from avgraph.runs.pipeline import build_task, graph_steps
from avgraph.runs.training import pick_device
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.progress import counted
from avgraph.runtime.settings import run_settings


@dataclass(frozen=True, eq=False)
class Run:
    """A run on disk.

    Attributes:
        directory: its folder.
        experiment: the resolved configuration.
        metrics: what ``metrics.json`` holds: ``<split>/<name>`` numbers, under ``data`` what they are of, under
            ``selected`` the epoch of the weights where one was chosen, and under ``checks`` what speaks against them
            (see `avgraph.runs.checks`).
        device: where `model` works; as trained if None.
    """

    directory: Path
    experiment: Experiment
    metrics: dict[str, Any]
    device: str | None = None

    @cached_property
    def graph(self) -> HeteroData:
        """The graph with what was learned on its edges."""
        return load_graph(self.directory / folder.GRAPH)

    @cached_property
    def model(self) -> Task:
        """The method with what it has learned, bound to the graph of the run, in evaluation."""
        return load_task(self.directory, self.experiment, self.device)

    @cached_property
    def new_rows(self) -> NewRows:
        """What makes nodes of rows that come after the training."""
        return NewRows(self.directory, self.experiment, self.model)

    def predict(self, rows: Any, *, node: str | None = None, name: Sequence[str] | None = None) -> Predictions:
        """What the run says of rows that it has not been trained on, of each as if there were no other.

        Args:
            rows: an array [n, ...] as the data set gives it, texts where the encoder reads names, or
                ``{node type: array or {attribute: values}}``.
            node: their type; the method's usual one if not given.
            name: of each row; its number if not given.

        Raises:
            DataError: if the run keeps no encoder of the rows, or they are not as its own: wrong width, not finite.
            GraphError: if they cannot be joined to the graph of the run.
        """
        with interruptible(), run_settings(self.experiment.train.threads):
            new = self.new_rows.nodes(rows, node=node, name=name)
            return self.model.predict(new, graph_steps(self.experiment, self.model))


def load_run(path: str | Path, *, device: str | None = None) -> Run:
    """A finished run from its folder.

    Args:
        path: the folder.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N`` for its `Run.model`; as trained if not given.

    Raises:
        DataError: if ``path`` is not the folder of a finished run.
    """
    directory = Path(path)
    return Run(directory, experiment_of(directory), folder.read_metrics(directory), device)


def evaluate(run: Run | str | Path, *, device: str | None = None) -> dict[str, float]:
    """Compute the metrics of a run again, from its graph and its last checkpoint.

    Raises:
        DataError: if graph or checkpoint are missing or damaged.
    """
    if isinstance(run, Run):
        device = device or run.device
        run = run.directory
    directory = Path(run)
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
    if (directory / folder.PLAN).is_file():
        raise DataError(f"{directory}: a sweep; name the folder of a run in it")
    if (directory / folder.FOLDS).is_file():
        one = next(iter(sorted(directory.glob(f"*/{folder.CONFIG}"))), directory / "fold-1" / folder.CONFIG).parent
        raise DataError(f"{directory}: runs of several folds or seeds; name the folder of one, such as {one}")
    return load_run_experiment(path)
