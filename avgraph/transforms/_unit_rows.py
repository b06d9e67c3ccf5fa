"""Rows of length 1 in float64, made a block at a time of rows that may be mapped from a file."""

from __future__ import annotations

import mmap
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite
from avgraph.io.mapped_rows import Array, Rows, are_numbers, kind_of, mapping_of
from avgraph.nn.contrast.memory_rows import row_lengths
from avgraph.tensors.checks import check_tensors
from avgraph.transforms._blocks import rows_within

WIDE = 24
"""Bytes an entry of a row takes while it is scaled: as it is, in float64, and divided by its length."""


class UnitRows:
    """Rows [n, d] that are scaled to length 1 when they are asked for.

    Args:
        name: for messages.
        rows: a tensor, or an array that may be mapped; it is read twice or more, and never written to.

    Raises:
        GraphError: if they are no finite matrix of floating point, or a row is zero.

    Example:
        >>> UnitRows("x", np.array([[0.0, 3.0], [2.0, 0.0]])).take(torch.tensor([0]))
        tensor([[0., 1.]], dtype=torch.float64)
    """

    def __init__(self, name: str, rows: Rows) -> None:
        if not isinstance(rows, np.ndarray):
            check_tensors({name: rows})
        if not are_numbers(rows):
            raise GraphError(f"{name}: expected floating-point features [n, d], got {kind_of(rows)}")
        self.rows: Rows = rows.detach() if isinstance(rows, Tensor) else rows
        self.mapping = mapping_of(rows)
        self.device = rows.device if isinstance(rows, Tensor) else torch.device("cpu")
        self.length = torch.empty(len(rows), 1, dtype=torch.float64, device=self.device)
        self.step = rows_within(4 * WIDE * max(1, rows.shape[1]))
        for first in range(0, len(rows), self.step):
            wide = self._wide(torch.arange(first, min(first + self.step, len(rows))))
            check_finite(name, wide, first)
            self.length[first : first + len(wide)] = row_lengths(name, wide, first)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.rows.shape[1])

    def take(self, index: Tensor) -> Float64[Tensor, "b d"]:
        """Some rows, whose numbers ascend."""
        return self._wide(index).div_(self.length[_picked(index)])

    def digests(self, index: Tensor) -> Array:
        """Of each of some rows 16 bytes, the same for equal rows only (but for a chance of 2⁻¹²⁸ a pair)."""
        found = np.empty(len(index), "S16")
        for start in range(0, len(index), self.step):
            unit = self.take(index[start : start + self.step]).add_(0.0).cpu().numpy()  # −0 becomes 0
            rows = np.ascontiguousarray(unit)  # a transposed matrix keeps its order
            found[start : start + self.step] = [blake2b(row, digest_size=16).digest() for row in rows]
        return found

    def _wide(self, index: Tensor) -> Float64[Tensor, "b d"]:
        """Some rows as they are, in float64 and as a copy."""
        picked: Any = _picked(index)
        if isinstance(self.rows, Tensor):
            part = self.rows[picked if isinstance(picked, slice) else picked.to(self.device)]
            return part.to(torch.float64, copy=True)
        wide = np.array(self.rows[picked if isinstance(picked, slice) else picked.numpy()], np.float64)
        if self.mapping is not None:
            self.mapping.madvise(mmap.MADV_DONTNEED)
        return torch.from_numpy(wide)


def _picked(index: Tensor) -> Any:
    """A slice where rows follow each other: it is read at once."""
    if not len(index):
        return slice(0, 0)
    first, last = int(index[0]), int(index[-1])
    return slice(first, last + 1) if last - first + 1 == len(index) else index
