"""SHA-256 of files and of folders, so that a run can say exactly which data it saw."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
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
