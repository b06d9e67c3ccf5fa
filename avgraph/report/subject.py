"""What a report is of: a finished run, the runs of several folds, or a graph that `discover` or `match` has written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch_geometric.data import HeteroData

from avgraph.config import Experiment
from avgraph.errors import DataError
from avgraph.export import read_graphml
from avgraph.runs import folder
from avgraph.runs.finished import experiment_of, load_run
from avgraph.runs.folds import is_fold_run

PICTURES = (".png", ".svg")


@dataclass(frozen=True)
class Subject:
    """One run, or one graph.

    Attributes:
        label: what tells it from the others of a report.
        path: where it was read from.
        graph: with what was learned.
        metrics: of ``metrics.json``; empty of a graph.
        history: of ``metrics.jsonl``; empty of a graph.
        experiment: None of a graph.
        environment: of ``environment.json``, or settings, inputs and version of a graph.
        figures: pictures of the method.
    """

    label: str
    path: Path
    graph: HeteroData
    metrics: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    experiment: Experiment | None
    environment: Mapping[str, Any]
    figures: Sequence[Path]


def read_subjects(paths: Sequence[str | Path]) -> list[Subject]:
    """The runs and graphs at some paths; the folder of several folds or seeds is the run of each.

    Args:
        paths: folders of finished runs, or of runs over folds or seeds, ``.graphml`` files.

    Raises:
        DataError: if a path is neither, or what is there is damaged.
    """
    found: list[Subject] = []
    for path in map(Path, paths):
        if path.is_dir() and is_fold_run(path):
            places = [place for kind in ("fold", "seed") for place in path.glob(f"{kind}-*")]
            places.sort(key=lambda place: (len(place.name), place.name))
            found += [_run(place, place.name.replace("-", " ")) for place in places]
        elif path.is_dir():
            found.append(_run(path, path.name))
        else:
            found.append(_graph(path))
    if not found:
        raise DataError("report: expected at least one run")
    return found


def _run(path: Path, label: str) -> Subject:
    run = load_run(path)
    environment = path / folder.ENVIRONMENT
    return Subject(
        label,
        path,
        run.graph,
        run.metrics,
        folder.read_history(path),
        experiment_of(path),
        folder.read_json(environment) if environment.is_file() else {},
        _pictures(path / folder.FIGURES),
    )


def _graph(path: Path) -> Subject:
    if path.suffix != ".graphml":
        raise DataError(f"{path}: expected the folder of a finished run, or a .graphml file")
    graph = read_graphml(path)
    environment = {key: graph[key] for key in ("avgraph_version", "settings", "inputs") if key in graph}
    own = [picture for picture in _pictures(path.parent) if picture.stem.startswith(path.stem)]
    return Subject(path.stem, path, graph, {}, [], None, environment, own)


def _pictures(place: Path) -> list[Path]:
    return sorted(path for path in place.glob("*") if path.suffix in PICTURES) if place.is_dir() else []


def configuration(experiment: Experiment) -> list[tuple[str, str]]:
    """Every option with its value as JSON, nested ones with dots.

    Example:
        >>> from avgraph.config import experiment_from_dict
        >>> made = experiment_from_dict({"dataset": {"type": "synthetic"}, "method": {"type": "rrnet"}})
        >>> ("dataset.classes", "50") in configuration(made)
        True
    """
    return _flat(experiment.to_dict(), "")


def _flat(value: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        return [row for key, inner in value.items() for row in _flat(inner, f"{path}.{key}" if path else str(key))]
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        return [row for number, item in enumerate(value) for row in _flat(item, f"{path}[{number}]")]
    return [(path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))]
