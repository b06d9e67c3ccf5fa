"""A data set in the user's cache: downloaded and unpacked once, whoever asks, and however many ask at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from avgraph.errors import DataError
from avgraph.io.cache import cache_folder
from avgraph.io.download import offline
from avgraph.runtime.interrupt import interruptible
from avgraph.runtime.lock import locked

logger = logging.getLogger(__name__)


def fetched(name: str, url: str, is_filled: Callable[[Path], bool], fill: Callable[[Path], None]) -> Path | None:
    """The cache's folder of a data set, filled where it is not; None when ``AVGRAPH_OFFLINE`` is set.

    Args:
        name: of the folder.
        url: what is downloaded, for the log.
        is_filled: whether a folder, which may not exist, has what is needed.
        fill: download and unpack into the folder; one process at a time, and by whom has waited only where it is still
            needed.

    Raises:
        DataError: if the download fails or its checksum differs.

    Example:
        >>> fetched("esc50", "https://example.org/a.zip", lambda folder: True, lambda folder: None).name
        'esc50'
    """
    folder = cache_folder(name)
    if is_filled(folder):
        return folder
    if offline():
        logger.warning("AVGRAPH_OFFLINE is set: skipped the download of %s", url)
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with interruptible("run again to go on"), locked(folder.with_name(f"{name}.lock"), f"{folder}: filled", wait=True):
        if not is_filled(folder):
            fill(folder)
    return folder


def demanded(name: str, folder: Path | None) -> Path:
    """What `fetched` gave, for ``avgraph data fetch NAME``, where going without is no choice.

    Raises:
        DataError: if it gave nothing.

    Example:
        >>> demanded("esc50", None)
        Traceback (most recent call last):
        avgraph.errors.DataError: esc50: not downloaded, because AVGRAPH_OFFLINE is set
    """
    if folder is None:
        raise DataError(f"{name}: not downloaded, because AVGRAPH_OFFLINE is set")
    return folder
