"""The folder of a run: never overwritten, every file written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from avgraph.config import Experiment, dump_experiment
from avgraph.errors import DataError, reason_of
from avgraph.io.files import atomic_path
from avgraph.io.reading import check_regular, reading
from avgraph.io.run_places import CONFIG as CONFIG
from avgraph.io.run_places import GRAPH as GRAPH
from avgraph.io.run_places import METRICS as METRICS
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.lock import locked

ENVIRONMENT = "environment.json"
HISTORY = "metrics.jsonl"
CHECKPOINT = Path("checkpoints", "last.ckpt")
BEST = Path("checkpoints", "best.ckpt")  # weights alone; only where those of the best epoch are kept
CSV = "metrics.csv"
LOGGERS = "loggers.json"  # what the loggers call the run, and how far they know it
ENCODERS = "encoders.pt"  # what encoders have learned, for rows that come later
STAGES = "stages.json"  # of a composed run: the runs whose graphs are its data
EVALUATIONS = "evaluations"  # metrics on other data sets
EXPLANATIONS = "explanations"  # what avgraph explain has found
FOLDS = "folds.json"  # only beside the runs of several folds or seeds
PLAN = "plan.json"  # only beside the runs of a sweep
DATA = "data.pt"  # what a method with raw input was trained on; other graphs hold it themselves
GRAPHML = "graph.graphml"
FIGURES = "figures"
LOCK = ".lock"  # only while a process works in the folder

_METRICS = {"experiment": str, "seed": int, "data": dict}  # what every metrics.json has


@contextmanager
def new_run(experiment: Experiment) -> Iterator[Path]:
    """The folder of a new run to work in; it is removed when the work fails before anything was learned.

    Raises:
        DataError: if the folder cannot be made.
    """
    parent = Path(experiment.output) / experiment.name
    ours = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    directory = None
    try:
        directory = new_directory(experiment)
        yield directory
    except Exception:
        if directory is None or not any(directory.rglob(HISTORY)):
            if directory is not None:
                shutil.rmtree(directory, ignore_errors=True)
            for folder in ours:
                with suppress(OSError):  # never made, or another run is in it
                    folder.rmdir()
        raise


@contextmanager
def at_work(directory: Path) -> Iterator[None]:
    """Keep other processes out of a folder of runs for the length of the block, and say how to go on if it is stopped.

    Raises:
        DataError: naming the process that is at work there.
        Interrupted: on Ctrl-C, SIGTERM or SIGHUP.
    """
    with interruptible(f"avgraph resume {directory} continues"), locked(directory / LOCK, f"{directory}: in use"):
        yield


def new_directory(experiment: Experiment) -> Path:
    """Make ``<output>/<name>/<time>-<short hash of the configuration>`` and write ``config.yaml`` into it.

    Raises:
        OSError: if there is no room for the file; the folder is then removed.
        DataError: if the folder cannot be made.
    """
    text = dump_experiment(experiment)
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{hashlib.sha256(text.encode()).hexdigest()[:7]}"
    parent = Path(experiment.output) / experiment.name
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, 1000):
            directory = parent / (stem if attempt == 1 else f"{stem}-{attempt}")
            try:
                directory.mkdir()
                break
            except FileExistsError:
                continue
        else:
            raise DataError(f"output: {parent / stem}-… : a thousand runs of one second")
    except OSError as error:
        raise DataError(f"output: cannot make a run folder under '{parent}': {error.strerror}") from None
    try:
        write_text(directory / CONFIG, text)
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    return directory


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole, keys in the order given."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        DataError: if the file is missing or damaged.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file; the run has not finished (avgraph resume continues it)")
    try:
        check_regular(path)
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: not readable as JSON: {reason_of(error)}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected a JSON object, got {type(content).__name__}")
    return content


def read_over(directory: Path) -> dict[str, list[int]]:
    """``folds.json``: the numbers of the runs over folds or seeds, under ``folds``, ``seeds`` or both.

    Raises:
        DataError: if it is missing or damaged.
    """
    path = directory / FOLDS
    content = read_json(path)
    over: dict[str, Any] = {axis: content[axis] for axis in ("folds", "seeds") if axis in content}
    for axis, numbers in (over or {"folds": None}).items():
        if not isinstance(numbers, list) or not numbers or not all(type(number) is int for number in numbers):
            raise DataError(f"{path}: expected whole numbers under '{axis}'")
    return over


def read_history(directory: Path) -> list[dict[str, Any]]:
    """The lines of ``metrics.jsonl``, one per epoch; none where nothing was trained.

    Example:
        >>> read_history(Path("/nowhere"))
        []
    """
    path = directory / HISTORY
    if not path.exists():
        return []
    with reading(path, "text"):
        lines = path.read_text(encoding="utf-8").splitlines()
    records = []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            if not isinstance(record, dict) or not isinstance(record.get("epoch"), int):
                raise ValueError('expected an object with a whole number "epoch"')
            if not all(isinstance(value, int | float) for value in record.values()):
                raise ValueError("expected a number for every name")
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}:{number}: not a line that a run writes: {reason_of(error)}") from None
        records.append(record)
    return records


def read_metrics(directory: Path) -> dict[str, Any]:
    """``metrics.json`` of a finished run.

    Raises:
        DataError: if it is missing or damaged.
    """
    content = read_json(directory / METRICS)
    for name, kind in _METRICS.items():
        if not isinstance(content.get(name), kind):
            told = f"no {name!r}" if name not in content else f"{name!r} is no {kind.__name__}"
            message = f"{directory / METRICS}: not what a finished run writes: {told}"
            raise DataError(f"{message}; without the file, avgraph resume makes it again")
    return content
