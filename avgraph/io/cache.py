"""What was slow to compute, kept in the user's cache folder in files named by their content."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from platformdirs import user_cache_path

from avgraph.errors import reason_of
from avgraph.io.files import atomic_path
from avgraph.io.files_read import unnoted
from avgraph.io.mapped_rows import Array
from avgraph.io.writing import new_mapped_array

logger = logging.getLogger(__name__)

T = TypeVar("T")


def cache_folder(kind: str) -> Path:
    """Folder of one kind of files in the user's cache; it need not exist.

    Example:
        >>> cache_folder("encoders").name
        'encoders'
    """
    return user_cache_path("avgraph") / kind


@unnoted()
def kept(path: Path, read: Callable[[Path], T], write: Callable[[Path], object]) -> T:
    """What ``read`` finds in ``path``, which ``write`` makes where it is missing or ``read`` fails on it.

    Also read back after it was made, so that a first run goes on with the very values that later runs will find. A
    damaged file is told in a warning and made again: a cache may always be rebuilt. Where the folder
    cannot be written nothing is kept, with a warning.

    Args:
        path: its name has to say everything that the content depends on.
        read: returns the content, or raises for a damaged file.
        write: writes the content to a temporary name.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "kind", "a.txt")
        ...     kept(path, Path.read_text, lambda name: name.write_text("one")), path.is_file()
        ('one', True)
    """
    if path.is_file():
        try:
            return read(path)
        except Exception as error:  # torch.load and numpy raise many types for a damaged file
            reason = reason_of(error)
            logger.warning("%s: damaged, made again: %s", path, reason)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        logger.warning("%s: nothing is kept, the folder cannot be written: %s", path.parent, error.strerror)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            write(Path(folder, path.name))
            return read(Path(folder, path.name))
    with atomic_path(path) as temporary:
        write(temporary)
    return read(path)


def kept_array(path: Path, shape: tuple[int, ...], dtype: type[np.generic], fill: Callable[[Array], None]) -> Array:
    """The array in ``path``, mapped; made by ``fill``, a mapped file at a time, where it is missing or damaged.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     kept_array(Path(folder, "a.npy"), (2,), np.int64, lambda array: array.fill(7)).tolist()
        [7, 7]
    """

    def read(name: Path) -> Array:
        found: Array = np.load(name, mmap_mode="r", allow_pickle=False)
        if found.shape != shape or found.dtype != dtype:
            raise ValueError(f"expected {np.dtype(dtype)} {list(shape)}, got {found.dtype} {list(found.shape)}")
        return found

    def write(name: Path) -> None:
        target = new_mapped_array(name, shape, dtype)
        fill(target)
        target.flush()

    return kept(path, read, write)
