"""Where a dataset lies: an explicit folder, ``$AVGRAPH_DATA/<dataset>`` or the user's cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from avgraph.datasets.base import check_root
from avgraph.io.cache import cache_folder


@dataclass(frozen=True)
class Located:
    """The folder that holds a dataset, or None, and every folder that was looked at."""

    folder: Path | None
    looked: tuple[Path, ...]


def candidate_folders(dataset: str) -> tuple[Path, ...]:
    """Folders to look at, in order, when the user named none.

    Example:
        >>> candidate_folders("esc50")[-1] == cache_folder("esc50")
        True
    """
    shared = os.environ.get("AVGRAPH_DATA")
    return (*((Path(shared).expanduser() / dataset,) if shared else ()), cache_folder(dataset))


def locate(datasets: Sequence[str], root: str | Path | None, holds: Callable[[Path], bool]) -> Located:
    """Find the first folder that holds the data.

    Args:
        datasets: folder names to try, best first (ESC-10 is also inside a full ESC-50).
        root: the folder the user named; nothing else is looked at then.
        holds: whether a folder has the dataset's files.

    Raises:
        DataError: if ``root`` is given and is no folder.

    Example:
        >>> locate(["esc50"], None, holds=lambda folder: False).folder is None
        True
    """
    if root is not None:
        check_root(root)
        folder = Path(root).expanduser()
        return Located(folder if holds(folder) else None, (folder,))
    looked = tuple(folder for dataset in datasets for folder in candidate_folders(dataset))
    found = next((folder for folder in looked if folder.is_dir() and holds(folder)), None)
    return Located(found, looked)
