"""Files that are whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)  # of file systems that sync no folders


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; rename it to ``path`` if the block ends without an error.

    The temporary name keeps the suffix of ``path``, since many writers choose their format by it. The content is on
    the disk before the name is: after a power cut there is the old file or the new one, none that is empty.

    Raises:
        OSError: if the folder of ``path`` does not exist or the disk is full; it names ``path``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_path(f"{folder}/a.txt") as temporary:
        ...         _ = temporary.write_text("whole")
        ...     Path(folder, "a.txt").read_text()
        'whole'
    """
    path = Path(path)
    with naming(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        temporary = Path(name)
        try:
            os.close(handle)
            yield temporary
            # mkstemp makes a private file; the result gets the permissions an ordinary open would give.
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            sync(temporary)
            os.replace(temporary, path)
            sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Errors of the system in the block name ``path``, unless they name another file than what is written there.

    ``write`` and ``fsync`` say nothing about the file that they failed on.

    Example:
        >>> with naming("graph.pt"):
        ...     raise OSError(28, "No space left on device")
        Traceback (most recent call last):
        OSError: [Errno 28] No space left on device: 'graph.pt'
    """
    path = Path(path)
    try:
        yield
    except OSError as error:
        temporary = str(path.parent / f".{path.stem}-")
        if error.filename is not None and temporary not in str(error.filename):
            raise  # the name of another file
        # pyarrow wraps the system's words in its own; numpy counts what it could not write and forgets why.
        reason = f"cannot be written whole: {error}" if error.errno is None else os.strerror(error.errno)
        raise OSError(error.errno, reason, str(path)) from error


def append_line(path: str | Path, line: str) -> None:
    r"""Add a line to a text file: whole, or not at all.

    Raises:
        OSError: naming the file, which is then as it was.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     append_line(f"{folder}/a.txt", "one")
        ...     append_line(f"{folder}/a.txt", "two")
        ...     Path(folder, "a.txt").read_text()
        'one\ntwo\n'
    """
    path = Path(path)
    with naming(path):
        size = path.stat().st_size if path.exists() else None
        try:
            with path.open("ab") as file:
                file.write(line.encode() + b"\n")
        except OSError:
            if size is not None:
                os.truncate(path, size)
            else:
                path.unlink(missing_ok=True)
            raise


def sync(path: str | Path) -> None:
    """Wait until the content of a file, or the names in a folder, lie on the disk; nothing where that cannot be asked.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sync(folder)
    """
    path = Path(path)
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":  # Windows opens no folders
        return
    with naming(path):
        handle = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise
        finally:
            os.close(handle)


def remove_leftovers(folder: str | Path, *, below: bool = True) -> None:
    """Remove what `atomic_path` left in a folder, and ``below`` it, when its process was killed while it wrote.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, ".last-7qro_2v_.ckpt").write_text("half")
        ...     remove_leftovers(folder)
        ...     list(Path(folder).iterdir())
        []
    """
    for path in Path(folder).rglob(".*") if below else Path(folder).glob(".*"):
        if path.is_file() and re.fullmatch(r"\..+-[a-z0-9_]{8}(\.\w+)?", path.name):
            path.unlink()
