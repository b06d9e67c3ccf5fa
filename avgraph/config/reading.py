"""Experiments from YAML files and mappings, and back to YAML."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import Any

from pydantic import ValidationError

from avgraph.config.component import DATASET, ENCODERS, METHOD, TRANSFORM, Component
from avgraph.config.experiment import OLD_RUN, Experiment
from avgraph.config.extends import Layers
from avgraph.config.marked import Marked, locate, marked, unmarked
from avgraph.config.merge import merge, without_overruled
from avgraph.config.overrides import Overrides, apply_overrides
from avgraph.config.stages import stage_problems
from avgraph.config.yaml_text import to_yaml
from avgraph.options.base import MethodOptions
from avgraph.options.inputs import problems_of
from avgraph.options.problems import Mistakes, Origin, Problem, show


def load_experiment(
    path: str | os.PathLike[str], overrides: Overrides = (), *, check_files: bool = False
) -> Experiment:
    """Read an experiment from a YAML file and all that it extends.

    Without a ``name`` of its own the experiment takes that of the file.

    Args:
        path: the file.
        overrides: ``["train.epochs=5"]``, values read as YAML, or ``{"train.epochs": 5}``.
        check_files: whether it must be ready to run: the files that it names are there and begin as files of their
            kind do, a method that learns classes is given them, and so are its stages (`avgraph.datasets.RunGraph`).

    Raises:
        ConfigError: with one line per mistake, ``file:line: dotted.option: what was expected and what came``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "first.yaml")
        ...     with open(path, "w") as file:
        ...         _ = file.write("dataset: {type: synthetic}\\nmethod: {type: rrnet}\\n")
        ...     experiment = load_experiment(path, ["train.epochs=5"])
        >>> experiment.name, experiment.train.epochs
        ('first', 5)
    """
    return _load(os.fsdecode(path), (), overrides, check_files=check_files)


def _load(name: str, chain: tuple[str, ...] = (), overrides: Overrides = (), *, check_files: bool = True) -> Experiment:
    """The experiment of a file; ``chain``: the files of which it is a stage."""
    layers = Layers()
    ready = (*chain, name) if check_files else None
    return _experiment(layers.file(name), layers.problems, overrides, PurePath(name).stem, ready)


def load_run_experiment(path: str | os.PathLike[str]) -> Experiment:
    """Read the ``config.yaml`` of a run: every option there was; those that came later leave the run what it was.

    Raises:
        ConfigError: as `load_experiment`.
    """
    layers = Layers()
    tree = layers.file(os.fsdecode(path))
    kinds = {"dataset": DATASET, "graph": TRANSFORM, "method": METHOD}
    moved = _with_moved(tree.content)
    content = {key: _as_then(kinds[key], part) if key in kinds else part for key, part in moved.items()}
    if isinstance(getattr(content.get("encoders"), "content", None), dict):
        encoders = content["encoders"]
        views = {node: _as_then(ENCODERS.component, view) for node, view in encoders.content.items()}
        content["encoders"] = Marked(views, encoders.origin)
    return _experiment(Marked(content, tree.origin), layers.problems, (), None, None, OLD_RUN)


def _with_moved(content: dict[str, Marked]) -> dict[str, Marked]:
    """The parts of an older run, what the method had and ``train`` has now in its new place."""
    method, train = (content.get(key) for key in ("method", "train"))
    if method is None or train is None or not (isinstance(method.content, dict) and isinstance(train.content, dict)):
        return content
    options = METHOD.options_class(unmarked(method))
    moved = options.moved if options is not None and issubclass(options, MethodOptions) else {}
    now = {moved[key]: value for key, value in method.content.items() if key in moved}
    kept = {key: value for key, value in method.content.items() if key not in moved}
    return content | {
        "method": Marked(kept, method.origin),
        "train": Marked({**now, **train.content}, train.origin),
    }


def _as_then(component: Component, written: Marked) -> Marked:
    """Options as an older version wrote them: with those that came later, without those that said nothing."""
    if isinstance(written.content, list):
        return Marked([_as_then(component, part) for part in written.content], written.origin)
    options = component.options_class(unmarked(written))
    if options is None or not isinstance(written.content, dict):
        return written
    later = options.came_later if issubclass(options, MethodOptions) else {}
    told = merge(marked(later), _without_gone(written, options.gone))
    unused = options.model_construct(**unmarked(told)).unused()
    return Marked({key: value for key, value in told.content.items() if key not in unused}, told.origin)


def _without_gone(written: Marked, gone: Collection[str]) -> Marked:
    """Options without those that are gone, where they asked for nothing."""
    kept = {key: value for key, value in written.content.items() if key not in gone or value.content}
    return Marked(kept, written.origin)


def experiment_from_dict(mapping: Mapping[str, Any], overrides: Overrides = ()) -> Experiment:
    """An experiment from the data a YAML file would hold; relative paths start from the working directory.

    Raises:
        ConfigError: with one line per mistake, ``dotted.option: what was expected and what came``.

    Example:
        >>> experiment_from_dict({"dataset": {"type": "esc50"}, "method": {"type": "rrnet"}}).dataset.fold
        1
    """
    if not isinstance(mapping, Mapping):
        raise Mistakes([Problem(Origin(), (), f"expected a mapping of options, got {show(mapping)}")])
    layers = Layers()
    return _experiment(layers.extended(marked(mapping)), layers.problems, overrides, None, None)


def dump_experiment(experiment: Experiment) -> str:
    """YAML of an experiment, every option written out; `load_experiment` reads it back as an equal one."""
    return to_yaml(experiment.to_dict())


def _experiment(
    tree: Marked,
    problems: list[Problem],
    overrides: Overrides,
    stem: str | None,
    ready: tuple[str, ...] | None,
    context: str | None = None,
) -> Experiment:
    """The experiment of a tree; ``ready``: where it must be ready to run, its file behind those it is a stage of."""
    laid, more = apply_overrides(tree, overrides)
    tree, problems = without_overruled(tree, laid), problems + more
    named = "name" in tree.content
    if stem is not None and not named:
        tree = Marked({"name": Marked(stem, tree.origin), **tree.content}, tree.origin)
    try:
        experiment = Experiment.model_validate(unmarked(tree), context=context)
    except ValidationError as error:
        for detail in error.errors():
            path = tuple(part for part in detail["loc"] if part != "[key]")
            message = detail["msg"]
            if path == ("name",) and stem is not None and not named:
                message += ", which is the name of the file; add a name"
            problems.append(Problem(locate(tree, path), path, message))
    else:
        if ready:
            found = [*experiment.missing_labels(), *problems_of(experiment.inputs()), *experiment.misshapen()]
            problems += [Problem(locate(tree, path), path, message) for path, message in found]
        problems += stage_problems(experiment, tree, ready, _load) if ready else []
    if problems:
        raise Mistakes(problems)
    return experiment
