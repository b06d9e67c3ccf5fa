"""Matrices of a MATLAB ``.mat`` file of version 5 (what ``save -v6`` and ``-v7`` write), every length checked.

scipy reads these files in compiled code that a damaged file can crash. A matrix of numbers needs little of the format
(MathWorks, "MAT-File Format", 2021): elements of type, length and bytes, of which one is a matrix of flags, lengths of
its axes, name and values, compressed or not.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from avgraph.errors import DataError, shortened
from avgraph.io.npy import Array
from avgraph.io.reading import check_expansion

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
_OTHER_CLASSES = {1: "a cell array", 2: "a struct", 3: "an object", 4: "text", 5: "a sparse matrix"}
_IS_COMPLEX = 0x0800
_MOST_AXES = 32
_NAME_WITHIN = 4096  # bytes of a matrix that are unpacked to learn its name


def read_matlab(path: Path, keys: Collection[str]) -> dict[str, Array]:
    """The matrices of a file that are named in ``keys``. To be called within `avgraph.io.reading.reading`.

    Raises:
        DataError: if it is no such file, it is damaged, or a key is no matrix of real numbers.

    Example:
        >>> import tempfile
        >>> from scipy.io import savemat
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     savemat(f"{folder}/a.mat", {"x": np.eye(2), "note": "hello"}, do_compression=True)
        ...     read_matlab(Path(folder, "a.mat"), ["x"])
        {'x': array([[1., 0.],
               [0., 1.]])}
    """
    size, found = path.stat().st_size, {}
    with path.open("rb") as file:
        header = file.read(_HEADER)
        order = {b"IM": "<", b"MI": ">"}.get(header[126:128])
        if order is None or len(header) < _HEADER:
            raise DataError("neither HDF5 nor MATLAB (version 5 or later)")
        while tag := file.read(8):
            kind, length = _tag(tag, order)
            if length > size - file.tell():
                raise DataError(f"an element of {length} bytes, {size - file.tell()} are there")
            body = file.read(length)
            if kind == _COMPRESSED:
                matrix = _unpacked(body, order, keys)
            else:
                matrix = memoryview(body) if kind == _MATRIX else None
                file.seek(min(-length % 8, size - file.tell()), 1)
            if matrix is not None:
                name, value = _matrix(matrix, order, keys)
                if value is not None:
                    found[name] = value
    return found


def _tag(data: Any, order: str) -> tuple[int, int]:
    kind, length = struct.unpack(f"{order}II", data)
    return kind, length


def _unpacked(packed: bytes, order: str, keys: Collection[str]) -> memoryview | None:
    """The matrix in a compressed element, if it is a matrix of the ``keys``."""
    start = zlib.decompressobj().decompress(packed, _NAME_WITHIN)
    kind, length = _tag(start[:8], order)
    if kind != _MATRIX or _name(memoryview(start)[8:], order) not in keys:
        return None
    check_expansion("a compressed matrix", len(packed), length)
    content = zlib.decompressobj().decompress(packed, 8 + length)
    if len(content) < 8 + length:
        raise DataError(f"a compressed matrix of {length} bytes, {len(content) - 8} are there")
    return memoryview(content)[8:]


def _parts(matrix: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Type and bytes of the elements within a matrix."""
    at = 0
    while at + 8 <= len(matrix):
        kind, length = _tag(matrix[at : at + 8], order)
        if kind >> 16:  # up to four bytes lie within the tag
            kind, length, start = kind & 0xFFFF, kind >> 16, at + 4
            at += 8
            if length > 4:
                raise DataError(f"a short element of {length} bytes, expected at most 4")
        else:
            start = at + 8
            at = start + length + -length % 8
        if start + length > len(matrix):
            raise DataError(f"an element of {length} bytes, {len(matrix) - start} are there")
        yield kind, matrix[start : start + length]


def _name(matrix: memoryview, order: str) -> str:
    parts = _parts(matrix, order)
    try:
        _, _, (_, name) = next(parts), next(parts), next(parts)
    except (StopIteration, DataError):
        return ""  # no matrix that has a name
    return bytes(name).decode("latin-1")


def _matrix(matrix: memoryview, order: str, keys: Collection[str]) -> tuple[str, Array | None]:
    name = _name(matrix, order)
    if name not in keys:
        return name, None
    parts = _parts(matrix, order)
    (_, flags), (_, axes), _ = next(parts), next(parts), next(parts)
    (word,) = struct.unpack(f"{order}I", flags[:4])
    kind = word & 0xFF
    if kind not in _CLASSES or word & _IS_COMPLEX:
        got = "complex numbers" if kind in _CLASSES else _OTHER_CLASSES.get(kind, f"class {kind}")
        raise DataError(f"{name}: expected a matrix of real numbers, got {got}")
    if len(axes) % 4 or len(axes) > 4 * _MOST_AXES:
        raise DataError(f"{name}: {len(axes)} bytes for the lengths of its axes")
    shape = tuple(int(n) for n in np.frombuffer(axes, f"{order}i4"))
    stored, values = next(parts, (0, memoryview(b"")))
    if stored not in _STORED:
        raise DataError(f"{name}: values of the unknown type {stored}")
    count, left = divmod(len(values), np.dtype(_STORED[stored]).itemsize)
    if left or any(n < 0 for n in shape) or math.prod(shape) != count:
        raise DataError(f"{name}: {count} values do not make the shape {shortened(str(list(shape)))}")
    array = np.frombuffer(values, f"{order}{_STORED[stored]}")
    with np.errstate(invalid="ignore"):
        return name, array.reshape(shape, order="F").astype(_CLASSES[kind])
