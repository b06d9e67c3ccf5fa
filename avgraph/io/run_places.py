"""Which finished run a path names. No torch."""

from __future__ import annotations

from pathlib import Path

from avgraph.errors import DataError

CONFIG = "config.yaml"
GRAPH = "graph.pt"
METRICS = "metrics.json"
_EXPERIMENTS = (".yaml", ".yml")


def names_experiment(path: str | Path) -> bool:
    """Whether a path names the file of an experiment, not the folder of a run.

    Example:
        >>> names_experiment("stages/sounds.yaml"), names_experiment("runs/sounds")
        (True, False)
    """
    return Path(path).suffix.lower() in _EXPERIMENTS


def is_finished(folder: Path) -> bool:
    """Whether a folder is that of a finished run."""
    return (folder / METRICS).is_file() and (folder / GRAPH).is_file()


def finished_run(path: str | Path) -> Path:
    """The folder of a finished run, or in a folder of runs that of the newest one that is finished.

    Raises:
        DataError: if there is none.

    Example:
        >>> finished_run("/nowhere")
        Traceback (most recent call last):
        avgraph.errors.DataError: /nowhere: no such folder; expected that of a run, or FILE.yaml
    """
    folder = Path(path)
    if not folder.is_dir():
        told = "is a file" if folder.exists() else "no such folder"
        raise DataError(f"{folder}: {told}; expected that of a run, or FILE.yaml")
    if is_finished(folder):
        return folder
    if (folder / CONFIG).is_file():
        raise DataError(f"{folder}: the run has not finished (avgraph resume continues it)")
    if not (found := [each for each in newest_first(folder) if is_finished(each)]):
        raise DataError(f"{folder}: neither a finished run nor a folder that holds one")
    return found[0]


def newest_first(folder: Path) -> list[Path]:
    """The folders in a folder of runs, whose names begin with the time; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted((each for each in folder.iterdir() if each.is_dir()), key=_age, reverse=True)


def _age(folder: Path) -> tuple[str, int]:
    """``20260101-120000-abcdef0-2`` → its time, and its number among those of one second."""
    parts = folder.name.split("-")
    number = int(parts[3]) if len(parts) > 3 and parts[3].isdecimal() else 1
    return "-".join(parts[:2]), number
