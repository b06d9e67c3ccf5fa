"""The ``.npy`` format: its header, parsed and checked once, for files and for members of archives."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avgraph.errors import DataError, shortened

Array = npt.NDArray[Any]

_MOST_AXES = 32
_BLOCK = 1 << 24


@dataclass(frozen=True)
class NpyHeader:
    """What a header says.

    Attributes:
        dtype: of numbers, text or times.
        shape: of the array; its bytes are there.
        order: ``"C"`` or ``"F"``.
        offset: bytes before the first value.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: Any
    offset: int

    @property
    def n_bytes(self) -> int:
        """Bytes of the values."""
        return self.dtype.itemsize * _product(self.shape)


def read_npy_header(file: BufferedIOBase, size: int) -> NpyHeader:
    """Parse the header at the start of a file that has ``size`` bytes; nothing is allocated.

    Raises:
        DataError: if the array needs unpickling or is a table of records, or its shape cannot be.
        EOFError: if it is not all there.
        ValueError: if it is no header.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> np.save(file, np.eye(2))
        >>> _ = file.seek(0)
        >>> read_npy_header(file, 160).shape
        (2, 2)
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers that Python 2 wrote
            shape, is_fortran, dtype = read(file)
    except Exception as error:  # numpy parses it as Python source, and fails as that does
        raise ValueError(f"a header that cannot be parsed ({type(error).__name__})") from None
    if dtype.hasobject:
        raise DataError("holds Python objects, which only a pickle can; it is refused")
    if dtype.kind == "V" or dtype.subdtype is not None:
        raise DataError(f"expected numbers or text, got records of {shortened(str(dtype))}")
    header = NpyHeader(dtype, tuple(int(n) for n in shape), "F" if is_fortran else "C", file.tell())
    if any(n < 0 for n in header.shape) or len(header.shape) > _MOST_AXES:
        raise DataError(f"no array can have the shape {shortened(str(list(header.shape)))}")
    if not dtype.itemsize and _product(header.shape):
        raise DataError(f"expected numbers or text, got {dtype}, values of no bytes")
    # An array of no values may claim axes of any length; numpy multiplies the others.
    if _product([n for n in header.shape if n]) * max(dtype.itemsize, 1) >= 1 << 62:
        raise DataError(f"no memory can hold the shape {shortened(str(list(header.shape)))}")
    if header.offset + header.n_bytes > size:
        there, told = max(size - header.offset, 0), shortened(str(list(header.shape)))
        raise EOFError(f"{dtype} {told} needs {header.n_bytes} bytes, {there} are there")
    return header


def _product(shape: Sequence[int]) -> int:
    return math.prod(shape)


def values_of(file: BufferedIOBase, header: NpyHeader) -> Array:
    """The array of which ``file`` stands at the first value.

    Raises:
        EOFError: if the file ends before.

    Example:
        >>> import io
        >>> values_of(io.BytesIO(bytes([1, 2])), NpyHeader(np.dtype("u1"), (2,), "C", 0))
        array([1, 2], dtype=uint8)
    """
    if not header.n_bytes:
        return np.empty(header.shape, header.dtype, header.order)
    data = np.empty(header.n_bytes, np.uint8)
    view, done = data.data, 0
    while done < header.n_bytes:
        part = file.read(min(_BLOCK, header.n_bytes - done))
        if not part:
            raise EOFError(f"{done} of {header.n_bytes} bytes")
        view[done : done + len(part)] = part
        done += len(part)
    return data.view(header.dtype).reshape(header.shape, order=header.order)


def mapped(path: Path, header: NpyHeader) -> Array:
    """The array of a file that has its values at ``header.offset``, mapped and read-only.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "x").write_bytes(bytes([1, 2]))
        ...     mapped(Path(folder, "x"), NpyHeader(np.dtype("u1"), (2,), "C", 0)).tolist()
        [1, 2]
    """
    if not header.n_bytes or not header.shape:  # nothing can be mapped; a scalar is not worth it
        with path.open("rb") as file:
            file.seek(header.offset)
            return values_of(file, header)
    return np.memmap(path, header.dtype, "r", header.offset, header.shape, header.order)


def read_npy(path: Path) -> Array:
    """The array of a ``.npy`` file, mapped. To be called within `avgraph.io.reading.reading`.

    Raises:
        DataError: as `read_npy_header`, or if it is an archive under the wrong name.
    """
    with path.open("rb") as file:
        if file.read(2) == b"PK":  # the content counts, not the name
            raise DataError("expected one .npy array; this is an .npz archive under the wrong name")
        file.seek(0)
        return mapped(path, read_npy_header(file, path.stat().st_size))
