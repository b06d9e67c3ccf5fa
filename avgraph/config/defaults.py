"""What an experiment holds where it says nothing: the method's graph, and how the method is trained."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from avgraph.config.component import DATASET, METHOD
from avgraph.graph.vocabulary import EdgeType
from avgraph.options.base import DatasetOptions, MethodOptions
from avgraph.options.train import TrainOptions


def with_recipe(experiment: Mapping[str, Any], *, of_old_run: bool = False) -> Mapping[str, Any]:
    """An experiment's data with the graph that its method builds where it declares none.

    Edges that the data set declares take the place of the recipe's, but in a run that was made before they did. A
    user's own method tells its recipe when it is built; what a method with mistakes would build is not known.

    Example:
        >>> [step.k for step in with_recipe({"method": {"type": "rrnet"}})["graph"]]
        [10, 2, 20]
    """
    method = experiment.get("method")
    if experiment.get("graph") is not None or METHOD.options_class(method) is None:
        return experiment
    try:
        recipe = METHOD.read(method).recipe()
    except ValidationError:
        return experiment
    if recipe is None:
        return experiment
    given = () if of_old_run else _declared_edges(experiment.get("dataset"))
    own = [step for step in recipe if step.edge_type() not in given]
    return {**experiment, "graph": own}


def _declared_edges(dataset: Any) -> Collection[EdgeType]:
    """Those that a data set is known to come with."""
    try:
        made = DATASET.read(dataset)
    except ValidationError:
        return ()
    edges = made.edge_types() if isinstance(made, DatasetOptions) else None
    return () if edges is None else edges.values()


def with_train_defaults(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """An experiment's data with a ``train`` that says everything.

    Options built in Python count as written where they were set: ``TrainOptions(epochs=5)`` leaves the optimizer to the
    method, while an ``OptimizerOptions`` is taken whole. What is no mapping is left for validation to tell.

    Example:
        >>> resolved = with_train_defaults({"method": {"type": "rrnet"}, "train": {"epochs": 5}})["train"]
        >>> resolved["epochs"], resolved["optimizer"]["type"]
        (5, 'adamw')
    """
    written = experiment.get("train", {})
    if isinstance(written, TrainOptions):
        written = {key: getattr(written, key) for key in written.model_fields_set}
    method = METHOD.options_class(experiment.get("method"))
    of_method = method.train_defaults if method is not None and issubclass(method, MethodOptions) else {}
    return {**experiment, "train": lay_over(lay_over(TrainOptions().model_dump(), of_method), written)}


def lay_over(defaults: Any, written: Any) -> Any:
    """``written`` with what it leaves out taken from ``defaults``; of another ``type`` it takes nothing over.

    Example:
        >>> lay_over({"type": "adamw", "lr": 0.003}, {"lr": 0.1})
        {'type': 'adamw', 'lr': 0.1}
        >>> lay_over({"type": "adamw", "lr": 0.003}, {"type": "sgd"})
        {'type': 'sgd'}
    """
    if not (isinstance(defaults, Mapping) and isinstance(written, Mapping)):
        return written
    if written.get("type", defaults.get("type")) != defaults.get("type"):
        return dict(written)
    return {**defaults, **{key: lay_over(defaults.get(key), value) for key, value in written.items()}}
