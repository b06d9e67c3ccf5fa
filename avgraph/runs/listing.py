"""What runs there are in a folder: their settings and numbers, read without loading a graph; no torch."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from avgraph.config.builtin import METHODS
from avgraph.config.loader import Source, parse, read_text
from avgraph.config.marked import unmarked
from avgraph.errors import AvgraphError, DataError, did_you_mean, reason_of
from avgraph.options.base import MethodOptions
from avgraph.runs import folder as folder
from avgraph.runs.filters import Condition, sort_key
from avgraph.runs.joint_checks import joint_checks
from avgraph.runtime.lock import is_locked

_TIME = re.compile(r"\d{8}-\d{6}-")
FINISHED, RUNNING, STOPPED, UNREADABLE = "finished", "running", "stopped", "unreadable"


@dataclass(frozen=True)
class ListedRun:
    """A run, or a folder of runs over folds or seeds, as its files tell it.

    Attributes:
        directory: its folder.
        state: ``finished``, ``running`` (a process works in it), ``stopped`` (`avgraph.resume` goes on), or
            ``unreadable``.
        declared: the resolved configuration as plain data.
        metrics: ``<split>/<name>`` numbers; over folds or seeds their means.
        sd: standard deviation of each over folds or seeds; empty for a single run.
        parts: the runs that it consists of; none for a single run.
        planned: how many these are to be.
        data: what the numbers are of, as in ``metrics.json``.
        checks: what speaks against the numbers, a line a check; over folds or seeds with how many of them it is of.
        problem: why it is unreadable.
    """

    directory: Path
    state: str
    declared: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    sd: Mapping[str, float | None] = field(default_factory=dict)
    parts: tuple[ListedRun, ...] = ()
    planned: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    problem: str = ""

    @cached_property
    def values(self) -> dict[str, Any]:
        """Everything it can be filtered and sorted by: state, metrics, and options by their dotted names."""
        options = dict(flat(self.declared))
        return {"state": self.state, "time": _began(self.directory), **options, **self.metrics}


def list_runs(
    path: str | Path = "runs", *, where: Sequence[str] = (), sort: str = "time", show: Sequence[str] = ()
) -> list[ListedRun]:
    """The runs in a folder and below it; runs over folds or seeds count as one.

    Args:
        path: the folder.
        where: conditions that all must hold, such as ``"method.type=rrnet"`` or ``"test/accuracy>=0.8"``; names are
            those of options, of metrics, and ``state``.
        sort: by which of these names, a minus sign before it for the largest first; ``time`` is when a run began.
        show: names that will be asked of the runs: one that none has is refused.

    Raises:
        DataError: if the folder does not exist, a condition cannot be read, or no run has what it names.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     list_runs(place)
        []
    """
    place = Path(path)
    if not place.is_dir():
        raise DataError(f"{place}: no such folder")
    conditions = [Condition.parse(text) for text in where]
    runs = list(_runs_below(place))
    for name in [*(condition.name for condition in conditions), sort.removeprefix("-"), *show]:
        _known(name, runs)
    found = [run for run in runs if all(condition.holds(run.values.get(condition.name)) for condition in conditions)]
    name = sort.removeprefix("-")
    having = [run for run in found if run.values.get(name) is not None]
    rest = [run for run in found if run.values.get(name) is None]  # last, whichever way round
    return sorted(having, key=lambda run: sort_key(run.values[name]), reverse=sort.startswith("-")) + rest


def read_run(directory: str | Path) -> ListedRun:
    """One run, or one folder of runs over folds or seeds.

    Raises:
        DataError: if ``directory`` is neither.
    """
    place = Path(directory)
    if not (place / folder.CONFIG).is_file():
        raise DataError(f"{place}: not the folder of a run (it has no {folder.CONFIG})")
    try:
        return _read(place)
    except (AvgraphError, OSError) as error:
        return ListedRun(place, UNREADABLE, problem=reason_of(error))


def main_metric(runs: Sequence[ListedRun], split: str = "test") -> str | None:
    """The usual metric of the first run's method, or the first metric of a split, that every run has; None without.

    Example:
        >>> one = ListedRun(Path("a"), FINISHED, metrics={"train/accuracy": 1.0, "test/accuracy": 0.5})
        >>> main_metric([one])
        'test/accuracy'
    """
    if not runs:
        return None
    method = METHODS.get(str(runs[0].values.get("method.type")))
    usual = method.chosen_by if method is not None and issubclass(method, MethodOptions) else ""
    names = [f"{split}/{usual}", *(name for name in runs[0].metrics if name.startswith(f"{split}/"))]
    return next((name for name in names if all(name in run.metrics for run in runs)), None)


def _runs_below(place: Path) -> Iterator[ListedRun]:
    """Depth first; nothing below a run is another one, but in the folder of a sweep."""
    if (place / folder.CONFIG).is_file() and not (place / folder.PLAN).is_file():
        yield read_run(place)
        return
    for inner in sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith(".")):
        yield from _runs_below(inner)


def _read(place: Path) -> ListedRun:
    path = str(place / folder.CONFIG)
    declared = unmarked(parse(read_text(path), Source(path, str(place)))[0])
    if not isinstance(declared, dict):
        raise DataError(f"{path}: expected a mapping of options")
    finished = (place / folder.METRICS).is_file()
    state = FINISHED if finished else RUNNING if is_locked(place / folder.LOCK) else STOPPED
    if (place / folder.FOLDS).is_file():
        parts = tuple(read_run(path.parent) for path in sorted(place.glob(f"*/{folder.CONFIG}")))
        planned = math.prod(map(len, folder.read_over(place).values()))
        return _of_parts(place, state, declared, parts, planned)
    if not finished:
        return ListedRun(place, state, declared)
    content = folder.read_metrics(place)
    checks = tuple(
        f"{check.get('number', check.get('name'))}: {check.get('message')}"  # runs of older versions have no number
        for check in content.get("checks", [])
    )
    numbers = {name: value for name, value in content.items() if "/" in name and isinstance(value, float)}
    return ListedRun(place, state, declared, numbers, data=content["data"], checks=checks)


def _of_parts(
    place: Path, state: str, declared: Mapping[str, Any], parts: tuple[ListedRun, ...], planned: int
) -> ListedRun:
    """Means over the finished parts."""
    done = [part for part in parts if part.state == FINISHED]
    names = [name for name in (done[0].metrics if done else ()) if all(name in part.metrics for part in done)]
    columns = {name: [part.metrics[name] for part in done] for name in names}
    means = {name: statistics.fmean(values) for name, values in columns.items()}
    sd = {name: statistics.stdev(values) if len(values) > 1 else None for name, values in columns.items()}
    return ListedRun(place, state, declared, means, sd, parts, planned, done[0].data if done else {}, _joint(done))


def _joint(done: Sequence[ListedRun]) -> tuple[str, ...]:
    """A line a check: in how many of the runs, and what it says of the first.

    Example:
        >>> runs = [ListedRun(Path(f"fold-{fold}"), FINISHED, checks=(f"A03: {fold} is low",)) for fold in (1, 2)]
        >>> _joint(runs)
        ('A03 in 2 of 2: fold-1: 1 is low',)
    """
    split = ((run, check.partition(": ")) for run in done for check in run.checks)
    return tuple(joint_checks(((number, run.directory.name, told) for run, (number, _, told) in split), len(done)))


def _began(directory: Path) -> str:
    """The part of a path that says when a run, or the runs that it belongs to, began, and what follows."""
    parts = directory.resolve().parts
    first = next((place for place, part in enumerate(parts) if _TIME.match(part)), len(parts) - 1)
    return "/".join(parts[first:])


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """``{"train": {"epochs": 5}}`` → ``train.epochs``, 5."""
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield name, value
        return
    for key, item in inner:
        yield from flat(item, f"{name}.{key}" if name else str(key))


def _known(name: str, runs: Sequence[ListedRun]) -> None:
    """Refuse a name that no run has: a slip of the pen would hide them all."""
    known = {known for run in runs for known in run.values}
    if runs and name not in known:
        raise DataError(
            f"{name!r}: no run has it; {did_you_mean(name, known) or 'avgraph runs --json shows what they have'}"
        )
