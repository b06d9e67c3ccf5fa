"""Which files are read while a graph is made, and their checksums: noted where a file is read, listed nowhere."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path


def sha256_listing(checksums: Mapping[str, str]) -> str:
    """One SHA-256 for many files: that of the sorted lines ``<sha256>  <name>``, as ``sha256sum`` prints them.

    Example:
        >>> one = sha256_listing({"a.wav": "00", "b.wav": "11"})
        >>> one == sha256_listing({"b.wav": "11", "a.wav": "00"}), one == sha256_listing({"a.wav": "00"})
        (True, False)
    """
    lines = "".join(f"{checksums[name]}  {name}\n" for name in sorted(checksums))
    return hashlib.sha256(lines.encode()).hexdigest()


def sha256_file(path: str | Path) -> str:
    """SHA-256 of a file's content as 64 hexadecimal digits, read in blocks.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "a.txt")
        ...     _ = path.write_bytes(b"abc")
        ...     sha256_file(path)[:16]
        'ba7816bf8f01cfea'
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


_READ: ContextVar[FilesRead | None] = ContextVar("files_read", default=None)


@dataclass(frozen=True)
class FilesRead:
    """The files that were read within a block.

    Attributes:
        paths: absolute, in the order of reading.
        named: those of them whose checksum is told under a name of its own.
        known: device, inode, size and time of change → SHA-256.
    """

    paths: dict[str, None] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    known: dict[tuple[int, ...], str] = field(default_factory=dict)

    def checksums(self) -> dict[str, str]:
        """Absolute path → SHA-256 of the files that have no name of their own; not of those that are gone already."""
        there = (path for path in self.paths if path not in self.named and os.path.isfile(path))
        return {path: self.checksum(path) for path in there}

    def all_checksums(self) -> dict[str, str]:
        """Absolute path → SHA-256 of every file, whatever name it goes by."""
        return {
            path: self.checksum(path)
            for path in {**self.paths, **dict.fromkeys(sorted(self.named))}
            if os.path.isfile(path)
        }

    def checksum(self, path: str | Path) -> str:
        """SHA-256 of a file, computed once as long as the file stays what it is."""
        found = os.stat(path)
        key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        if key not in self.known:
            self.known[key] = sha256_file(path)
        return self.known[key]


@contextmanager
def files_read() -> Iterator[FilesRead]:
    """Note the files that this package's readers open within the block; not those of another thread.

    Example:
        >>> import tempfile
        >>> from avgraph.io.arrays import read_array
        >>> with tempfile.TemporaryDirectory() as folder, files_read() as read:
        ...     _ = Path(folder, "a.txt").write_bytes(b"abc")
        ...     names = read_array(f"{folder}/a.txt")
        ...     [found[:16] for found in read.checksums().values()]
        ['ba7816bf8f01cfea']
    """
    read = FilesRead()
    token = _READ.set(read)
    try:
        yield read
    finally:
        _READ.reset(token)


@contextmanager
def unnoted() -> Iterator[None]:
    """Note nothing within the block, which reads what was computed before."""
    token = _READ.set(None)
    try:
        yield
    finally:
        _READ.reset(token)


def note_read(path: str | Path) -> None:
    """Say that a file is read; for the readers."""
    if (read := _READ.get()) is not None:
        read.paths[os.path.abspath(path)] = None


def checksum(path: str | Path) -> str:
    """SHA-256 of a file; within `files_read` computed once."""
    read = _READ.get()
    return sha256_file(path) if read is None else read.checksum(path)


def checksums(files: Mapping[str, str | Path] | Iterable[str | Path]) -> dict[str, str]:
    """SHA-256 of each file by the name it goes by, whatever folder it is in; without names by the path as given.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.txt").write_bytes(b"abc")
        ...     [(name, found[:16]) for name, found in checksums({"a.txt": f"{folder}/a.txt"}).items()]
        [('a.txt', 'ba7816bf8f01cfea')]
    """
    named = files if isinstance(files, Mapping) else {str(path): path for path in files}
    if (read := _READ.get()) is not None:
        read.named.update(map(os.path.abspath, named.values()))
    return {name: checksum(path) for name, path in named.items()}
