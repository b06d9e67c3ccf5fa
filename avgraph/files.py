"""Files that are whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; rename it to ``path`` if the block ends without an error.

    The temporary name keeps the suffix of ``path``, since many writers choose their format by it.

    Raises:
        FileNotFoundError: if the folder of ``path`` does not exist.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_path(f"{folder}/a.txt") as temporary:
        ...         _ = temporary.write_text("whole")
        ...     Path(folder, "a.txt").read_text()
        'whole'
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes a private file; the result gets the permissions an ordinary open would give.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: str | Path) -> None:
    """Remove what `atomic_path` left in a folder, and below it, when its process was killed while it wrote.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, ".last-7qro_2v_.ckpt").write_text("half")
        ...     remove_leftovers(folder)
        ...     list(Path(folder).iterdir())
        []
    """
    for path in Path(folder).rglob(".*"):
        if path.is_file() and re.fullmatch(r"\..+-[a-z0-9_]{8}(\.\w+)?", path.name):
            path.unlink()
