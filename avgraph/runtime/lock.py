"""One process at a time: a lock file that says who holds it and is gone when the work is done.

The lock is the kernel's (``flock``), not the file: it ends with its process, however that ends, and a file that was
left by a killed process is taken over. Linux keeps flock on NFS too, between machines. Where a file system has no
flock, `filelock` takes the file itself for the lock: one left by a dead process of this machine is taken over, one of
another machine has to be deleted by hand, and the message names it. Where neither can be had, nothing is locked.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from avgraph.errors import DataError

logger = logging.getLogger(__name__)

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)  # what a file system without locks says


@contextmanager
def locked(path: str | Path, what: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock of file ``path`` for the length of the block; the file is removed at its end.

    Args:
        path: the lock file, in a folder that exists.
        what: is done under it, for the messages: ``"<what> by process 12 on host"``.
        wait: whether to wait for another process, with a line that says so, instead of an error.

    Raises:
        DataError: if another process, or another thread, holds it and ``wait`` is false.
        OSError: if the file cannot be made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, locked(f"{folder}/.lock", "in use"):
        ...     with locked(f"{folder}/.lock", "in use"):
        ...         pass
        Traceback (most recent call last):
        avgraph.errors.DataError: in use by process ... on ...
    """
    path = Path(path)
    lock = FileLock(path, timeout=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "flock not supported")  # said above; nothing the user could do about it
        try:
            try:
                lock.acquire()
            except Timeout:
                holder = _holder(path)
                if not wait:
                    raise DataError(f"{what} by {holder}") from None
                logger.warning("%s by %s; waiting for it", what, holder)
                lock.acquire(timeout=-1, poll_interval=0.2)
        except OSError as error:
            if isinstance(error, Timeout) or error.errno not in _NO_LOCKS:
                raise
            logger.warning("%s: no lock, the file system has none; use it from one process only", path)
            yield
            return
    try:
        with suppress(OSError):  # a full disk: the lock holds without the name of its holder
            if not path.read_text(encoding="utf-8", errors="replace").startswith(f"{os.getpid()}\n"):
                path.write_text(f"{os.getpid()}\n{socket.gethostname()}\n", encoding="utf-8")
        yield
    finally:
        with suppress(OSError):  # while it is held: who waits for it notices, and makes a new file
            path.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    """``process 12 on host``, as far as the file says."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    if len(lines) < 2 or not lines[0].isdecimal():
        return "another process"
    return f"process {lines[0]} on {lines[1]}"


def is_locked(path: str | Path) -> bool:
    """Whether some process holds the lock of file ``path``; the file of a killed one does not count.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with locked(f"{folder}/.lock", "in use"):
        ...         inside = is_locked(f"{folder}/.lock")
        ...     inside, is_locked(f"{folder}/.lock")
        (True, False)
    """
    path = Path(path)
    if not path.exists():
        return False
    try:
        with locked(path, "in use"):
            return False
    except (DataError, OSError):  # OSError: it may not be ours to open
        return True
