"""Files written by libraries that cannot bear an error on the way: the system's own is raised when they are done."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt


class _Deferring(io.RawIOBase):
    """Hands everything on to ``file`` until that fails; keeps the error and swallows the rest."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.position = file, 0
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("only from the start or from here")
        self.position = offset + (self.position if whence == io.SEEK_CUR else 0)
        self._try(lambda: self.file.seek(self.position))
        return self.position

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self._try(lambda: self.file.write(data))
        self.position += size
        return size

    def flush(self) -> None:
        if not self.file.closed:
            self._try(self.file.flush)

    def _try(self, call: Any) -> None:
        if self.error is None:
            try:
                call()
            except OSError as error:
                self.error = error


@contextmanager
def writing(path: str | Path) -> Iterator[BinaryIO]:
    """Open a new file to write to; an error of writing is raised at the end of the block.

    PyTorch turns such an error into one without a cause, and zipfile writes on while the error is on its way.

    Raises:
        OSError: the first error.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with writing(f"{folder}/a") as file:
        ...         _ = file.write(b"whole")
        ...     Path(folder, "a").read_bytes()
        b'whole'
    """
    with open(path, "wb") as file:
        deferring = _Deferring(file)
        yield cast(BinaryIO, deferring)
        deferring.flush()
        if deferring.error is not None:
            raise deferring.error


def save_tensors(content: object, path: str | Path) -> None:
    """``torch.save``, whose errors of the disk are the system's.

    Example:
        >>> import tempfile, torch
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_tensors({"x": torch.ones(1)}, f"{folder}/x.pt")
        ...     torch.load(f"{folder}/x.pt", weights_only=True)
        {'x': tensor([1.])}
    """
    import torch

    with writing(path) as file:
        torch.save(content, file)


def new_mapped_array(path: str | Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> np.memmap[Any, Any]:
    """A new ``.npy`` file as a mapped array whose whole length lies on the disk.

    A mapped file that is longer than what the disk has given it kills the process (SIGBUS) when it is written to.

    Raises:
        OSError: if there is no room.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     new_mapped_array(f"{folder}/a.npy", (2, 3), np.float32).shape
        (2, 3)
    """
    array = np.lib.format.open_memmap(path, "w+", dtype, shape)
    if hasattr(os, "posix_fallocate"):  # not on Windows and macOS
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, os.fstat(file.fileno()).st_size))
    return array
