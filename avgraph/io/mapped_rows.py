"""Rows of a matrix that may be mapped from a file: read a block at a time, checked, gathered; never loaded whole."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from avgraph.errors import DataError

Array = npt.NDArray[Any]
Rows = Tensor | Array

BLOCK = 16_384  # 32 MiB of float32 at 512 columns
_FROM_LENGTH_1 = 0.01  # rows of length 1 in float16 are off by up to 0.001


def mapping_of(rows: Rows) -> mmap.mmap | None:
    """The map behind an array, where its pages can be given back without loss.

    Example:
        >>> mapping_of(np.eye(2)) is None
        True
    """
    base: Any = rows
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    # A copy-on-write map holds changes that no file has; not every system has the call.
    if not isinstance(base, np.memmap) or base.mode == "c" or not hasattr(mmap, "MADV_DONTNEED"):
        return None
    mapping = base._mmap  # type: ignore[attr-defined]  # numpy keeps it there and nowhere else
    return mapping if isinstance(mapping, mmap.mmap) else None


def are_numbers(rows: object, axes: int | None = 2) -> TypeGuard[Rows]:
    """Whether they are a tensor or an array of floating point with so many axes, or with any number of them.

    Example:
        >>> are_numbers(np.eye(2)), are_numbers(torch.ones(2)), are_numbers([[1.0]])
        (True, False, False)
    """
    if not isinstance(rows, Tensor | np.ndarray) or axes not in (None, rows.ndim):
        return False
    return rows.is_floating_point() if isinstance(rows, Tensor) else rows.dtype.kind == "f"


def kind_of(rows: object) -> str:
    """Type and shape of a tensor or an array, or the type of anything else, for messages.

    Example:
        >>> kind_of(torch.ones(2)), kind_of("x")
        ('torch.float32 [2]', 'str')
    """
    if isinstance(rows, Tensor | np.ndarray):
        return f"{rows.dtype} {list(rows.shape)}"
    return type(rows).__name__


def private(array: Array) -> Array:
    """A mapped array once more, mapped copy-on-write: it may be written to, and the file never changes.

    Raises:
        DataError: if it is no whole array of a file.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/x.npy", np.zeros(2))
        ...     own = private(np.load(f"{folder}/x.npy", mmap_mode="r"))
        ...     own[0] = 1
        ...     own.tolist(), np.load(f"{folder}/x.npy").tolist()
        ([1.0, 0.0], [0.0, 0.0])
    """
    if not is_whole_map(array):
        raise DataError(f"expected an array mapped from a file, got {type(array).__name__} {list(array.shape)}")
    file: Any = array
    order: Any = "C" if file.flags.c_contiguous else "F"
    own: Array = np.memmap(file.filename, file.dtype, "c", file.offset, file.shape, order)
    return own


def is_whole_map(array: Array) -> bool:
    """Whether an array is a file's, as it lies there: no part, no view, no copy.

    Example:
        >>> is_whole_map(np.eye(2))
        False
    """
    if not isinstance(array, np.memmap):
        return False
    base: Any = array.base  # of a part it is the whole
    return isinstance(base, mmap.mmap) and array.filename is not None


def row_blocks(rows: Rows, size: int = BLOCK) -> Iterator[tuple[int, Array]]:
    """Number of the first row, and some rows in float32; pages of a mapped file are given back after each block.

    Shapes:
        rows [n, d] → [size, d] each, the last one shorter.

    Example:
        >>> [(start, block.shape) for start, block in row_blocks(np.zeros((5, 2)), size=3)]
        [(0, (3, 2)), (3, (2, 2))]
    """
    for start, part in _parts(rows, size):
        with np.errstate(over="ignore"):  # infinite in float32: for the caller to refuse
            block = part.detach().float().cpu().numpy() if isinstance(part, Tensor) else np.array(part, np.float32)
        yield start, block


def tensor_blocks(rows: Rows, size: int) -> Iterator[tuple[int, Tensor]]:
    """Number of the first row, and some rows in their own type; of an array they are copies.

    Shapes:
        rows [n, …] → [size, …] each, the last one shorter.

    Example:
        >>> [(start, block.dtype) for start, block in tensor_blocks(np.zeros((3, 2)), size=2)]
        [(0, torch.float64), (2, torch.float64)]
    """
    for start, part in _parts(rows, size):
        yield start, part.detach() if isinstance(part, Tensor) else torch.from_numpy(np.array(part))


def _parts(rows: Rows, size: int) -> Iterator[tuple[int, Rows]]:
    """Number of the first row, and some rows as they lie; the pages of a file are given back behind them."""
    mapping = mapping_of(rows)
    for start in range(0, len(rows), size):
        yield start, rows[start : start + size]
        if mapping is not None:
            mapping.madvise(mmap.MADV_DONTNEED)


def take_rows(rows: Rows, index: Tensor) -> Tensor:
    """Some rows, in float32.

    Shapes:
        rows [n, d], index [b] → [b, d]

    Example:
        >>> take_rows(np.array([[1.0], [2.0]], dtype=np.float16), torch.tensor([1, 1]))
        tensor([[2.],
                [2.]])
    """
    if isinstance(rows, Tensor):
        return rows[index.to(rows.device)].float()
    taken: Tensor = torch.from_numpy(rows[index.cpu().numpy()].astype(np.float32))
    return taken


def check_embeddings(rows: Rows, where: str, *, unit: bool, expected: int | None = None) -> bool:
    """Refuse what are no embeddings: rows need a direction.

    Args:
        rows: matrix of floating point.
        where: file and meaning, for the message.
        unit: whether rows must have length 1.
        expected: columns that there should be.

    Returns:
        Whether all rows have length 1.

    Raises:
        DataError: for another shape or type, and naming the first row that is zero, not finite or not of length 1.

    Example:
        >>> check_embeddings(np.array([[1.0, 0.0], [0.0, 0.0]]), "x.npy", unit=True)
        Traceback (most recent call last):
        avgraph.errors.DataError: x.npy: row 1 is zero: it has no direction
    """
    is_float = rows.is_floating_point() if isinstance(rows, Tensor) else rows.dtype.kind == "f"
    if rows.ndim != 2 or not is_float or 0 in rows.shape:
        raise DataError(f"{where}: expected floating-point rows [n, d], got {rows.dtype} {list(rows.shape)}")
    if expected is not None and rows.shape[1] != expected:
        raise DataError(f"{where}: expected {expected} columns, got {list(rows.shape)}")
    all_unit = True
    for start, block in row_blocks(rows):
        length = row_lengths(block, where, start)
        wrong = np.abs(length - 1) > _FROM_LENGTH_1
        all_unit = all_unit and not wrong.any()
        if unit and wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            told = f"row {start + row} has length {length[row]:.4g}, expected 1"
            raise DataError(f"{where}: {told}; normalize: true scales all rows")
    return all_unit


def row_lengths(block: Array, where: str, start: int = 0) -> Array:
    """Euclidean length of each row of a block that begins with row ``start``.

    Shapes:
        block [b, d] → [b]

    Raises:
        DataError: naming the first row that is zero or not finite.
    """
    length: Array = np.linalg.norm(block.astype(np.float64), axis=1)
    for wrong, told in ((~np.isfinite(length), "has NaN or infinite values"), (length == 0, "is zero")):
        if wrong.any():
            row = start + int(np.flatnonzero(wrong)[0])
            raise DataError(f"{where}: row {row} {told}: it has no direction")
    return length
