"""The built-in data sets by name: what there is of each, and fetching it."""

from __future__ import annotations

from pathlib import Path

from avgraph.config.builtin import DATASETS
from avgraph.datasets.base import Dataset, DatasetStatus
from avgraph.errors import DataError, did_you_mean

_PART_OF = {"fsdd": "class_paired"}


def described() -> list[DatasetStatus]:
    """All of them, as `describe` does; where something is wrong with one that is there, its note says what.

    Example:
        >>> [status.name for status in described()][:2]
        ['esc50', 'esc50_zero_shot']
    """
    found = []
    for name in DATASETS:
        kind = _of(name)
        try:
            found.append(kind.describe())
        except DataError as error:
            found.append(DatasetStatus(name, kind.what(), "missing", note=str(error)))
    return found


def describe(name: str, root: str | Path | None = None) -> DatasetStatus:
    """Where data set ``name`` is and what it holds, without loading it.

    Args:
        name: its ``type``.
        root: the only folder to look in; None looks where it is loaded from.

    Raises:
        DataError: if there is no such data set, ``root`` is no folder, or a table there is wrong.

    Example:
        >>> describe("files").source
        'yours'
    """
    return _of(name).describe(root)


def fetch(name: str) -> Path:
    """Download data set ``name`` into the user's cache, unless it is there, and give its folder.

    Raises:
        DataError: if there is nothing to download, ``AVGRAPH_OFFLINE`` is set, or the download fails.

    Example:
        >>> fetch("synthetic")
        Traceback (most recent call last):
        avgraph.errors.DataError: synthetic: nothing to download; ...
    """
    return _of(name).fetch()


def _of(name: str) -> type[Dataset]:
    kind = DATASETS.get(name)
    if kind is not None and issubclass(kind, Dataset):
        return kind
    if name in _PART_OF:
        raise DataError(f"{name}: a part of {_PART_OF[name]}; `avgraph data show {_PART_OF[name]}` describes it")
    close = did_you_mean(name, DATASETS)
    raise DataError(f"no dataset {name!r}; {close or 'expected one of ' + ', '.join(DATASETS)}")
