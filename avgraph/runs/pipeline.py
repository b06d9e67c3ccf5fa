"""From a declared experiment to the graph a method trains on: dataset, encoders, transforms."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.encoders.context import EncodeContext
from avgraph.encoders.views import Views
from avgraph.errors import DataError, GraphError
from avgraph.graph.masks import check_one_split
from avgraph.graph.spaces import spaces_of
from avgraph.graph.vocabulary import show_edge
from avgraph.methods.task import Task
from avgraph.runs.kept_encoders import KeptEncoder

log = logging.getLogger(__name__)

HOLD_OUT = "give it some (dataset.val_fold, or a split with val)"
"""What to do about data without validation rows."""


def build_task(experiment: Experiment) -> Task:
    """The declared method with its options; its parameters come with the graph (`Task.bind`).

    Raises:
        GraphError: if a user's own class is no task, or has the ``bind`` of an older version.
    """
    task = experiment.method.task()
    if not isinstance(task, Task):
        raise GraphError(f"method: expected a subclass of avgraph.methods.Task, got {type(task).__name__}")
    try:
        inspect.signature(task.bind).bind("graph", "train", "seed")
    except TypeError:
        message = f"method: expected {type(task).__name__}.bind(graph, train, seed), whose seed is that of the run"
        raise GraphError(message) from None
    return task


def build_graph(
    experiment: Experiment, task: Task, context: EncodeContext, kept: dict[str, KeptEncoder] | None = None
) -> HeteroData:
    """Load the data, encode every declared node type, add the edges.

    Args:
        experiment: what is declared.
        task: the method.
        context: of the encoders.
        kept: where to put, by node type, what new rows are encoded by.

    Raises:
        AvgraphError: whatever is wrong with the data or the graph, in one line.
    """
    data: HeteroData = experiment.dataset.load()
    check_one_split(data)
    if experiment.train.measure_every and not has_validation(data):
        told = f"the data set '{experiment.dataset.type}' has no validation rows to measure"
        raise DataError(f"train.measure_every: {told}; {HOLD_OUT}")
    for node, options in experiment.encoders.items():
        if node not in data.node_types:
            raise GraphError(f"encoders.{node}: unknown node type; the data set has {', '.join(data.node_types)}")
        own = replace(context, learned={})
        raw = data[node]
        data = views_of(options).encode(data, node, context=own)
        if kept is not None:
            kept[node] = KeptEncoder.of(raw, own.learned or {})
    check_features(data, task.raw_nodes())
    _tell_replaced(experiment, data)
    for transform in graph_steps(experiment, task):
        data = transform(data)
    return data


def has_validation(data: HeteroData) -> bool:
    """Whether nodes or edges have rows to validate on.

    Example:
        >>> has_validation(HeteroData(audio={"val_mask": torch.tensor([False, True])})), has_validation(HeteroData())
        (True, False)
    """
    return any("val_mask" in store and bool(store.val_mask.any()) for store in data.stores)


def _tell_replaced(experiment: Experiment, data: HeteroData) -> None:
    """Say which steps put others in the place of edges that only loading the data has told."""
    for step in experiment.graph or ():
        for edge in step.edge_types() or ():
            if edge in data.edge_types:
                log.warning("graph: %s puts others in the place of the data's %s edges", step.type, show_edge(edge))


def views_of(options: Any) -> Views:
    """The encoder of a node type as declared, one or a list."""
    return Views(options if isinstance(options, list) else [options])


def graph_steps(experiment: Experiment, task: Task) -> Sequence[Any]:
    """The transforms that the graph of an experiment is made by, in order."""
    return task.recipe() if experiment.graph is None else [step.transform() for step in experiment.graph]


def check_features(data: HeteroData, raw: Collection[str] = ()) -> None:
    """Every node type but ``raw`` ones must have finite feature vectors by now; say which has not, and what to do."""
    for node in data.node_types:
        if node in raw:
            continue  # the method takes it as it is, and checks it
        x = data[node].get("x")
        if x is None and spaces_of(data[node]):
            continue  # rows of embedding spaces, which their data set checks; they may be too many to hold
        if x is None or x.ndim != 2 or not x.is_floating_point():
            found = "no features" if x is None else f"raw input {tuple(x.shape)} {x.dtype}"
            raise GraphError(f"encoders: node type '{node}' has {found}; declare an encoder for it, as encoders.{node}")
        bad = (~torch.isfinite(x)).any(1).nonzero().flatten()
        if len(bad):
            raise GraphError(f"node type '{node}': row {int(bad[0])} of x is not finite ({len(bad)} such rows)")
