"""A finished run on another data set: encoded as its own rows were, evaluated with the weights that it has."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.config import Experiment, experiment_from_dict
from avgraph.encoders.context import EncodeContext
from avgraph.errors import ConfigError, DataError, GraphError
from avgraph.graph.provenance import Provenance
from avgraph.io.files_read import files_read
from avgraph.methods.task import Task
from avgraph.runs import folder as folder
from avgraph.runs.finished import Run, load_run, load_task
from avgraph.runs.kept_encoders import KeptEncoder, load_encoders
from avgraph.runs.pipeline import check_features, graph_steps, views_of
from avgraph.runs.run import Overrides, resume, train
from avgraph.runs.stages import with_finished_stages
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.progress import counted
from avgraph.runtime.settings import run_settings


@dataclass(frozen=True)
class Elsewhere:
    """The metrics of a run on another data set.

    Attributes:
        metrics: as in ``metrics.json`` of a run; ``evaluated_on`` is the data set, ``trained_on`` what the run says of
            its own data.
        file: in the run's folder, beside its own metrics.
    """

    metrics: dict[str, Any]
    file: Path


def evaluate_on(run: Run | str | Path, overrides: Overrides, *, device: str | None = None) -> Elsewhere:
    """Evaluate a finished run on another data set, and keep the numbers in its folder ``evaluations``.

    Nothing is learned: rows are encoded by what the run keeps of its encoders, features are scaled as they were, and
    the weights are those of its checkpoint.

    Args:
        run: the run, or its folder.
        overrides: of ``dataset`` alone: ``["dataset.fold=2"]``, or ``{"dataset": {"type": "clotho"}}``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; that of the run if not given, or as trained.

    Raises:
        ConfigError: if more than the data set would be another, or it does not fit the encoders and the method.
        DataError: if the data cannot be used, or rows are not as those that the encoders were given.
        GraphError: if the method knows one graph only.
    """
    run = run if isinstance(run, Run) else load_run(run)
    own = run.experiment
    other = other_data(own, overrides)
    with interruptible(), run_settings(own.train.threads):
        task = load_task(run.directory, own, device or run.device)
        if type(task).take_graph is Task.take_graph:
            told = "knows the one graph that it has learned from (it is transductive)"
            raise GraphError(
                f"method {own.method.type} {told}: no other can be evaluated; avgraph predict takes new rows"
            )
        other = with_finished_stages(other, train=train, resume=resume)
        kept = load_encoders(run.directory) if own.encoders else {}
        with counted(None, f"{own.name}: metrics on {other.dataset.type}"), files_read() as read:
            graph = _graph(other, task, kept)
        task.take_graph(graph)
        found = task.metrics()
        provenance = Provenance.of(graph).with_files(read.checksums())
    dataset = other.to_dict()["dataset"]
    metrics = {
        "experiment": own.name,
        "seed": own.seed,
        "evaluated_on": dataset,
        "data": replace(provenance, classes=None).as_dict(),
        "trained_on": run.metrics["data"],
        **found,
    }
    number = hashlib.sha256(json.dumps(dataset, sort_keys=True).encode()).hexdigest()[:7]
    file = run.directory / folder.EVALUATIONS / f"{dataset['type'].replace(':', '.')}-{number}.json"
    file.parent.mkdir(exist_ok=True)
    folder.write_json(file, metrics)
    return Elsewhere(metrics, file)


def other_data(own: Experiment, overrides: Overrides) -> Experiment:
    """An experiment with another data set and nothing else changed.

    Raises:
        ConfigError: if something else would be, or the data set does not fit the rest.
    """
    other = experiment_from_dict(own.to_dict(), overrides)
    before, after = own.to_dict(), other.to_dict()
    if changed := [key for key in after if key != "dataset" and after[key] != before.get(key)]:
        raise ConfigError(f"evaluate: only the data set can be another one, got {changed[0]}; train a new run")
    return other


def _graph(other: Experiment, task: Task, kept: dict[str, KeptEncoder]) -> HeteroData:
    """The graph of the data set, by the encoders of the run."""
    data: HeteroData = other.dataset.load()
    context = EncodeContext(seed=other.seed, device=str(task.device))
    for node, options in other.encoders.items():
        if node not in data.node_types:
            raise GraphError(f"encoders.{node}: unknown node type; the data set has {', '.join(data.node_types)}")
        _check_form(node, data[node].get("x"), kept[node])
        data = views_of(options).encode_new(data, node, kept[node].learned, context=context)
    check_features(data, task.raw_nodes())
    for transform in graph_steps(other, task):
        data = transform(data)
    return data


def _check_form(node: str, x: Any, kept: KeptEncoder) -> None:
    """Refuse rows of another form than those that the encoder was given."""
    if kept.shape is None or not isinstance(x, Tensor):
        if (kept.shape is None) != (not isinstance(x, Tensor)):
            raise DataError(f"{node}: expected {'names alone' if kept.shape is None else 'rows'}, as the run was given")
        return
    got, dtype = list(x.shape[1:]), str(x.dtype).removeprefix("torch.")
    if got != kept.shape or dtype != kept.dtype:
        shapes = [", ".join(map(str, ["n", *shape])) for shape in (kept.shape, got)]
        raise DataError(
            f"{node}: expected rows [{shapes[0]}] of {kept.dtype}, as the run was given, got [{shapes[1]}] of {dtype}"
        )
