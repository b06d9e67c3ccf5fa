"""The file a writer writes to: whole or absent, and an error a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from avgraph.errors import DataError
from avgraph.io.files import atomic_path


def check_target(path: str | Path) -> Path:
    """The path, if a file may be written there.

    Raises:
        DataError: if its folder does not exist or it is a folder itself.

    Example:
        >>> check_target("no/such/folder/graph.json")
        Traceback (most recent call last):
        avgraph.errors.DataError: no/such/folder/graph.json: the folder no/such/folder does not exist
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise DataError(f"{path}: the folder {path.parent} does not exist")
    if path.is_dir():
        raise DataError(f"{path}: expected the name of a file; it is a folder")
    return path


@contextmanager
def text_target(path: str | Path) -> Iterator[TextIO]:
    """Open ``path`` for UTF-8 text that appears under its name only when the block ends without an error.

    Raises:
        DataError: as `check_target`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with text_target(f"{folder}/a.txt") as file:
        ...         _ = file.write("whole")
        ...     Path(folder, "a.txt").read_text()
        'whole'
    """
    with (
        atomic_path(check_target(path)) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        yield file
