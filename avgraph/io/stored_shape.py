"""The shape of a stored array, of its header alone: cheap, without numpy or torch."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import IO

from avgraph.errors import DataError
from avgraph.io.references import split_reference

_LONGEST_HEADER = 10_000  # as numpy has it
_BROKEN = (DataError, OSError, EOFError, LookupError, ValueError, SyntaxError, TypeError, MemoryError, RuntimeError)


def stored_shape(reference: str | None, root: str | Path | None = None) -> tuple[int, ...] | None:
    """The shape of an array in ``FILE.npy`` or ``FILE.npz:KEY``.

    None where no header tells. What is wrong with a file is left to who reads it: None, too.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/x.npz", x=np.zeros((3, 2)))
        ...     stored_shape("x.npz:x", folder), stored_shape("x.npz:y", folder), stored_shape("x.csv:a", folder)
        ((3, 2), None, None)
    """
    if reference is None:
        return None
    import zlib  # here, for the sake of commands that look at no array
    from zipfile import BadZipFile, ZipFile

    try:
        file, suffix, key = split_reference(reference)
        path = Path(root or ".") / file.expanduser()
        if suffix == "npy":
            with path.open("rb") as plain:
                return _shape(plain)
        if suffix == "npz" and key is not None:
            with ZipFile(path) as archive, archive.open(f"{key}.npy") as member:
                return _shape(member)
    except (*_BROKEN, BadZipFile, zlib.error):
        pass
    return None


def _shape(file: IO[bytes]) -> tuple[int, ...] | None:
    start = file.read(8)
    length = int.from_bytes(file.read(2 if start[6] == 1 else 4), "little")
    if start[:6] != b"\x93NUMPY" or length > _LONGEST_HEADER:
        return None
    shape = ast.literal_eval(file.read(length).decode("utf-8").strip())["shape"]
    return shape if isinstance(shape, tuple) and all(type(axis) is int and axis >= 0 for axis in shape) else None
