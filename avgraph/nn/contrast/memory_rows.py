"""The rows of a memory, a chunk at a time: from a tensor, or from a file that is mapped and never loaded."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.io.mapped_rows import mapping_of
from avgraph.tensors.checks import check_temperature, is_traced

Memory = Tensor | npt.NDArray[Any]

# Memory rows per chunk and queries per block: a block of weights is 4 MiB of float32 and stays in the cache, yet is
# large enough for matrix products at full speed. One thread, time in that of the two bare products: 1024 × 1024 0.96,
# 2048 × 1024 0.97, 4096 × 1024 1.01, 512 × 1024 1.05, 2048 × 256 1.05, 2048 × 128 1.13.
CHUNK_ROWS = 1024
BLOCK_QUERIES = 1024


class Chunk(NamedTuple):
    """Rows ``place`` of the memory: as they are, at length 1, and their lengths [c, 1]."""

    place: slice
    rows: Tensor
    unit: Tensor
    length: Tensor


def check_readout(query: Tensor, memory: Memory, temperature: float, chunk_size: int | None) -> None:
    """Refuse what has no readout, before the first row is read.

    Raises:
        GraphError: if shapes, types, the temperature or the chunk size do not fit.

    Example:
        >>> check_readout(torch.ones(1, 3), torch.ones(5, 4), 0.01, None)
        Traceback (most recent call last):
        avgraph.errors.GraphError: query, memory: expected one width above 0, got [1, 3] and [5, 4]
    """
    for name, value in (("query", query), ("memory", memory)):
        if not isinstance(value, Tensor) and not (name == "memory" and isinstance(value, np.ndarray)):
            raise GraphError(f"{name}: expected a tensor, got {type(value).__name__}")
        is_float = value.is_floating_point() if isinstance(value, Tensor) else value.dtype.kind == "f"
        if value.ndim != 2 or not is_float:
            raise GraphError(f"{name}: expected floating-point rows [n, d], got {value.dtype} {list(value.shape)}")
    if query.shape[1] != memory.shape[1] or not query.shape[1]:
        raise GraphError(f"query, memory: expected one width above 0, got {list(query.shape)} and {list(memory.shape)}")
    if not memory.shape[0]:
        raise GraphError(f"memory: expected at least 1 row, got {list(memory.shape)}")
    check_temperature(temperature)
    if chunk_size is not None and chunk_size < 1:
        raise GraphError(f"chunk_size: expected at least 1 row, got {chunk_size}")


def row_lengths(name: str, rows: Tensor, first: int = 0) -> Tensor:
    """Euclidean length of each row, [n, 1]; ``first`` is the number of the first one, for the message.

    Raises:
        GraphError: naming the first row that is zero or not finite: it has no direction.

    Example:
        >>> row_lengths("memory", torch.tensor([[3.0, 4.0], [0.0, 0.0]]), first=10)
        Traceback (most recent call last):
        avgraph.errors.GraphError: memory: row 11 is zero, so it has no cosine similarity
    """
    length: Tensor = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    usable = (length > 1024 * torch.finfo(rows.dtype).tiny ** 0.5) & length.isfinite()
    if is_traced(rows) or bool(usable.all()):
        return length
    # Squares of very large and very small entries are lost: divide by the largest first.
    largest = rows.abs().amax(1, keepdim=True) if rows.shape[1] else torch.zeros_like(length)
    for wrong, what in ((~largest.isfinite(), "is not finite"), (largest == 0, "is zero")):
        if bool(wrong.any()):
            row = first + int(wrong[:, 0].nonzero()[0])
            raise GraphError(f"{name}: row {row} {what}, so it has no cosine similarity")
    scaled: Tensor = torch.linalg.vector_norm(rows / largest, dim=1, keepdim=True)
    return scaled * largest


def chunks_of(memory: Memory, like: Tensor, chunk_size: int | None) -> Iterator[Chunk]:
    """The memory in order, converted to the type and device of ``like``.

    Pages of a mapped file are given back after each chunk, so that the resident memory does not grow with the file.
    """
    size = chunk_size or CHUNK_ROWS
    mapping = mapping_of(memory)
    for start in range(0, len(memory), size):
        place = slice(start, min(start + size, len(memory)))
        part = memory[place]
        if not isinstance(part, Tensor):
            part = torch.from_numpy(np.array(part, dtype=np.result_type(part.dtype, np.float32)))
        rows = part.detach().to(like)
        length = row_lengths("memory", rows, start)
        yield Chunk(place, rows, rows / length, length)
        if mapping is not None:
            mapping.madvise(mmap.MADV_DONTNEED)


def blocks_of(count: int) -> list[slice]:
    """The queries in blocks.

    Example:
        >>> blocks_of(1500)
        [slice(0, 1024, None), slice(1024, 1500, None)]
    """
    return [slice(start, min(start + BLOCK_QUERIES, count)) for start in range(0, count, BLOCK_QUERIES)]
