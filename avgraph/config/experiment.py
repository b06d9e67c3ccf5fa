"""The schema of an experiment: every option of a run, checked as a whole."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, SerializeAsAny, ValidationError, field_validator, model_validator

from avgraph.config.checks import Parts, cross_check
from avgraph.config.component import DATASET, ENCODERS, METHOD, TRANSFORM, Component
from avgraph.config.defaults import with_recipe, with_train_defaults
from avgraph.options.base import DatasetOptions, EncoderOptions, MethodOptions, TransformOptions
from avgraph.options.inputs import Input, within
from avgraph.options.mistakes import mistake, mistakes
from avgraph.options.problems import Path, show
from avgraph.options.strict import Options
from avgraph.options.sweep import SweepOptions
from avgraph.options.train import TrainOptions
from avgraph.options.values import Name, Seed

Encoders = SerializeAsAny[EncoderOptions] | list[SerializeAsAny[EncoderOptions]]

OLD_RUN = "a run"
"""Context of validation: a graph that was not written is what the run was made with, whatever else the data hold."""
_NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}"


class Experiment(Options):
    """A declared experiment; one that exists is consistent.

    Attributes:
        name: of the folder of its runs.
        seed: of everything random.
        dataset: what to load.
        encoders: node type → how its raw input becomes vectors, or a list of such ways (views); without one it keeps
            what the data set gave.
        graph: transforms that add edges, in order; what the method does by itself where it is not written.
        method: what to train.
        train: how; what it leaves out is the method's default, and then that of `TrainOptions`.
        output: folder of all runs, relative to the working directory.
        graphml: what ``graph.graphml`` of a run holds: the whole graph, or all but vectors (features, embeddings),
            which make a large file and which no viewer shows; or there is none. ``graph.pt`` holds everything.
        sweep: settings that `avgraph.train_sweep` tries; an experiment with them is more than one run.

    Raises:
        ConfigError: when built in Python from wrong values; one line a mistake.
    """

    also_known = ("extends",)

    name: Annotated[str, Field(json_schema_extra={"pattern": f"^{_NAME}$"})] = "experiment"
    seed: Seed = 0
    dataset: Annotated[SerializeAsAny[DatasetOptions], DATASET]
    encoders: dict[Name, Annotated[Encoders, ENCODERS]] = Field(default={})
    graph: list[Annotated[SerializeAsAny[TransformOptions], TRANSFORM]] | None = None
    method: Annotated[SerializeAsAny[MethodOptions], METHOD]
    train: TrainOptions = TrainOptions()
    output: Name = "runs"
    graphml: Literal["whole", "without_vectors", "none"] = "whole"
    sweep: SweepOptions | None = None

    def inputs(self) -> Iterator[Input]:
        """Every file and folder that it names."""
        yield from within(("dataset",), self.dataset.inputs())
        for node, views in self.encoders.items():
            for place, view in enumerate(views) if isinstance(views, list) else [(None, views)]:
                yield from within(("encoders", node) if place is None else ("encoders", node, place), view.inputs())
        for place, step in enumerate(self.graph or ()):
            yield from within(("graph", place), step.inputs())
        yield from within(("method",), self.method.inputs())

    def missing_labels(self) -> Iterator[tuple[Path, str]]:
        """(option, message) of what the method learns from and no file gives; a user's own part may bring it."""
        node = self.method.classified()
        views = [view for part in self.encoders.values() for view in (part if isinstance(part, list) else [part])]
        if node is None or any(":" in part.type for part in (*views, *(self.graph or ()))):
            return
        for path, gives in self.dataset.unlabelled(node).items():
            yield ("dataset", *path), f"missing; method {self.method.type} needs {gives}"

    def misshapen(self) -> Iterator[tuple[Path, str]]:
        """(option, message) of arrays of which a header says that the data set or an encoder cannot take them."""
        for path, message in self.dataset.misshapen():
            yield ("dataset", *path), message
        for node, views in self.encoders.items():
            shape = self.dataset.row_shape(node)
            for place, view in enumerate(views) if isinstance(views, list) else [(None, views)]:
                if shape is not None and view.reads is not None and len(shape) != view.reads[0]:
                    path = ("encoders", node) if place is None else ("encoders", node, place)
                    yield (*path, "type"), f"{view.type} reads {view.reads[1]}, and x of '{node}' is {list(shape)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, defaults included; `experiment_from_dict` takes it back."""
        return self.model_dump(exclude=None if self.sweep else {"sweep"})

    @field_validator("name")
    @classmethod
    def _is_folder_name(cls, value: str) -> str:
        if not re.fullmatch(_NAME, value):
            rule = "a name of 1 to 100 letters, digits, '.', '_' or '-' that does not start with a dot"
            raise mistake(f"expected {rule}, got {show(value)}")
        return value

    @field_validator("output")
    @classmethod
    def _is_folder(cls, value: str) -> str:
        if "\0" in value:
            raise mistake(f"expected a folder, got {value!r}")
        return os.path.expanduser(value)

    @model_validator(mode="wrap")
    @classmethod
    def _fits_together(cls, value: Any, handler: Callable[[Any], Any], info: Any) -> Any:
        """Fill in what the method says, and check the parts against each other, even where some are wrong."""
        own_graph = not isinstance(value, Mapping) or value.get("graph") is not None
        if isinstance(value, Mapping):
            value = with_recipe(with_train_defaults(value), of_old_run=info.context == OLD_RUN)
        try:
            made = handler(value)
        except ValidationError as error:
            parts = _readable(value, own_graph)
            found = [(e["loc"], e["msg"], e["input"]) for e in error.errors()]
        else:
            graph = None if info.context == OLD_RUN and not own_graph else made.graph
            parts = Parts(made.dataset, list(made.encoders), graph, made.method, own_graph=own_graph)
            found = [
                (("method", option), message, getattr(made.method, option))
                for option, message in made.method.training_mistakes(made.train.epochs)
            ]
            if made.train.processes > 1 and (why := made.method.undivided()) is not None:
                option = "devices" if made.train.devices > 1 else "nodes"
                found.append((("train", option), f"expected 1: {why}", getattr(made.train, option)))
        found += [(path, message, None) for path, message in cross_check(parts)]
        if found:
            raise mistakes(found)
        return made


def _readable(value: Any, own_graph: bool) -> Parts:
    """What can be known of the parts of a mapping that holds mistakes."""
    if not isinstance(value, Mapping):
        return Parts()
    wrong: list[Path] = []

    def read(component: Component, path: Path, value: Any) -> Any:
        try:
            made = component.read(value)
        except ValidationError:
            wrong.append(path)
            made = component.guess(value)
        return made if isinstance(made, component.base) else None

    encoders, graph = value.get("encoders"), value.get("graph")
    return Parts(
        read(DATASET, ("dataset",), value.get("dataset")),
        list(encoders) if isinstance(encoders, Mapping) else (),
        [read(TRANSFORM, ("graph", index), step) for index, step in enumerate(graph)]
        if isinstance(graph, list)
        else None,
        read(METHOD, ("method",), value.get("method")),
        wrong,
        own_graph,
    )


def experiment_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of an experiment file with all built-in types.

    What another file is to bring (``extends``) may be missing; the other checks, such as whether the node types
    exist, are those of `load_experiment`.

    Example:
        >>> experiment_schema()["properties"]["extends"]["description"]
        'File or files that this one is laid over, relative to this one.'
    """
    schema = Experiment.model_json_schema()
    extends = {
        "description": "File or files that this one is laid over, relative to this one.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    }
    required = schema.pop("required")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "avgraph experiment",
        "properties": {"extends": extends, **schema["properties"]},
        "anyOf": [{"required": required}, {"required": ["extends"]}],
    }
