"""Runs sorted by what they have in common: one setting, tried on several folds, seeds or splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avgraph.errors import DataError, first_few
from avgraph.runs import folder as folder
from avgraph.runs.listing import FINISHED, ListedRun, read_run

_DRAWN = ("fold", "part", "seed", "split")  # options of a data set that say which of its rows are tested on
_NO_MATTER = ("name", "output", "graphml", "train.device", "train.threads", "train.checkpoint_every")
_SAID = ("state", "time")
_MOST_TOLD = 3

Pair = tuple[tuple[str, Any], ...]
"""Names and values of what two runs must have in common to be compared: (("dataset.fold", 1), ("seed", 0))."""


@dataclass(frozen=True)
class Setting:
    """Finished runs that differ by fold, seed and split alone.

    Attributes:
        label: what tells it from the others.
        runs: by what they are paired by.
    """

    label: str
    runs: Mapping[Pair, ListedRun]


def read_settings(paths: Sequence[str | Path]) -> list[Setting]:
    """The settings of some runs: a folder over folds or seeds is one, that of a sweep has one per trial.

    Single runs are sorted by their configuration.

    Raises:
        DataError: if one is no finished run, or two of a setting have the same fold, seed and split.
    """
    groups: list[tuple[Path, list[ListedRun]]] = []
    alone: dict[str, tuple[Path, list[ListedRun]]] = {}
    for run in map(_finished, dict.fromkeys(place for path in paths for place in _places(Path(path)))):
        if run.parts:
            groups.append((run.directory, [_finished(part.directory) for part in run.parts]))
            continue
        key = f"{run.declared.get('name')} {sorted(_options(run).items(), key=str)}"
        if key not in alone:
            alone[key] = (run.directory, [])
            groups.append(alone[key])
        alone[key][1].append(run)
    labels = _labels([(place, runs[0]) for place, runs in groups])
    return [Setting(label, _by_pair(runs)) for label, (_, runs) in zip(labels, groups, strict=True)]


def pair_of(run: ListedRun) -> Pair:
    """What a run is paired by, in order of the names.

    Example:
        >>> declared = {"seed": 0, "dataset": {"type": "esc50", "fold": 2, "val_fold": 3}, "method": {"type": "rrnet"}}
        >>> pair_of(ListedRun(Path("a"), FINISHED, declared))
        (('dataset.fold', 2), ('seed', 0))
    """
    return tuple(sorted((name, value) for name, value in run.values.items() if _draws(name) and value is not None))


def without_seed(pair: Pair) -> Pair:
    """Which rows are tested on: fold and split.

    Example:
        >>> without_seed((("dataset.fold", 2), ("seed", 0)))
        (('dataset.fold', 2),)
    """
    return tuple((name, value) for name, value in pair if name != "seed")


def short(value: Any) -> str:
    """A value of an option as a table shows it: six digits are enough.

    Example:
        >>> short(0.008226045248887452), short("bce"), short(None)
        ('0.00822605', 'bce', 'null')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def told(pair: Pair) -> str:
    """``fold 1, seed 0``."""
    return ", ".join(f"{name.removeprefix('dataset.')} {value}" for name, value in pair)


def check_same_data(settings: Sequence[Setting]) -> None:
    """Pairs are of the same rows only where the data are the same.

    Raises:
        DataError: naming two runs of other data.
    """
    first: tuple[object, ListedRun] | None = None
    for setting in settings:
        for run in setting.runs.values():
            of = (run.data.get("dataset"), run.data.get("source"))
            first = first or (of, run)
            if of != first[0]:
                message = f"{first[1].directory} is of {_told_data(first[1])}, {run.directory} of {_told_data(run)}"
                raise DataError(f"{message}: their numbers cannot be paired")


def _told_data(run: ListedRun) -> str:
    return f"{run.data.get('dataset')} ({run.data.get('source')})"


def _draws(name: str) -> bool:
    return name == "seed" or (name.startswith("dataset.") and name.rpartition(".")[2] in _DRAWN)


def _options(run: ListedRun) -> dict[str, Any]:
    """What makes a run the one that it is: every option but those of `_draws`, the validation split and the machine."""

    def counts(name: str) -> bool:
        validates = name.startswith("dataset.") and name.rpartition(".")[2].startswith("val_")
        return not (_draws(name) or validates or name in (*_NO_MATTER, *_SAID) or name in run.metrics)

    return {name: value for name, value in run.values.items() if counts(name)}


def _places(path: Path) -> list[Path]:
    """The folder of a run, or those of the settings of a sweep that are done."""
    if not (path / folder.PLAN).is_file():
        return [path]
    return sorted(inner.parent for inner in path.glob(f"*/{folder.METRICS}"))


def _finished(path: Path) -> ListedRun:
    run = read_run(path)
    if run.problem:
        raise DataError(run.problem)
    if run.state != FINISHED:
        raise DataError(f"{path}: has not finished (avgraph resume continues it)")
    return run


def _by_pair(runs: Sequence[ListedRun]) -> dict[Pair, ListedRun]:
    found: dict[Pair, ListedRun] = {}
    for run in runs:
        pair = pair_of(run)
        if pair in found:
            message = f"{found[pair].directory} and {run.directory}: the same settings, {told(pair)}; leave one out"
            raise DataError(message)
        found[pair] = run
    return found


def _labels(first: Sequence[tuple[Path, ListedRun]]) -> list[str]:
    """The names of the experiments; of equal ones with the options that differ, or the folder."""
    names = [str(run.declared.get("name")) for _, run in first]
    options = [_options(run) for _, run in first]
    labels = []
    for number, (place, _) in enumerate(first):
        same = [options[other] for other, name in enumerate(names) if name == names[number]]
        if len(same) == 1:
            labels.append(names[number])
            continue
        keys = sorted({key for one in same for key in one if any(one.get(key) != other.get(key) for other in same)})
        own = [f"{key}={short(options[number].get(key))}" for key in keys]
        twice = sum(all(one.get(key) == options[number].get(key) for key in keys) for one in same) > 1
        labels.append(f"{names[number]} ({place if twice or not own else first_few(own, _MOST_TOLD)})")
    return labels
