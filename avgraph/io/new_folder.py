"""A folder that is whole or absent: filled under a temporary name, then renamed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from avgraph.errors import DataError


@contextmanager
def new_folder(folder: Path, archive: Path | None = None) -> Iterator[Path]:
    """Yield a temporary folder beside ``folder``; rename it to ``folder`` if the block ends without an error.

    Args:
        folder: to make; it must not exist, or be empty.
        archive: what is unpacked, to be named, if anything is.

    Raises:
        DataError: if ``folder`` is not empty.

    Example:
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with new_folder(Path(place, "made"), Path("a.zip")) as temporary:
        ...         _ = (temporary / "a.txt").write_text("whole")
        ...     [path.name for path in Path(place, "made").iterdir()]
        ['a.txt']
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        why = "" if archive is None else f" to unpack {archive.name} there"
        raise DataError(f"{folder}: already exists and is not empty; move it away{why}")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        yield temporary
        temporary.chmod(0o755)  # mkdtemp makes a private folder
        if folder.exists():
            folder.rmdir()
        temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
