"""Ground costs of the pairs of two node types, some at a time."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite
from avgraph.io.mapped_rows import Rows, are_numbers, kind_of, mapping_of, take_rows, tensor_blocks
from avgraph.nn import mahalanobis_cost, mahalanobis_edge_cost
from avgraph.transforms._blocks import rows_within

_PER_ENTRY = 48  # bytes of a pair: its cost and what a half-step makes of it
_PER_NUMBER = 48  # bytes of a number of an edge's two rows: as they are, in float64, their difference


class Features:
    """The features of a node type in float32, at length 1 where asked, made of rows that may be mapped from a file.

    Raises:
        GraphError: if they are no finite matrix of floating point.
    """

    def __init__(self, name: str, rows: object, *, unit: bool) -> None:
        if not are_numbers(rows):
            raise GraphError(f"{name}: expected floating-point features [n, d], got {kind_of(rows)}")
        self.rows: Rows = rows
        self.mapping = mapping_of(rows)
        self.unit = unit
        for start, block in tensor_blocks(rows, rows_within(_PER_NUMBER * max(1, rows.shape[1]))):
            check_finite(name, block, start)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.rows.shape[1])

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self.rows.device if isinstance(self.rows, Tensor) else torch.device("cpu")

    def take(self, index: Tensor) -> Tensor:
        """Some rows, in float64: in single precision marginals cannot be met to 1e-6."""
        rows = take_rows(self.rows, index).detach()
        if self.mapping is not None:
            self.mapping.madvise(mmap.MADV_DONTNEED)
        return (F.normalize(rows) if self.unit else rows).double()

    def whole(self) -> Tensor:
        """All rows."""
        return self.take(torch.arange(len(self)))


class PairCosts:
    """Mahalanobis costs of pairs of two node types.

    Args:
        x, y: features of one width.
        metric: M of the cost, [d, d] or [d].
    """

    def __init__(self, x: Features, y: Features, metric: Tensor) -> None:
        self.x, self.y, self.metric = x, y, metric

    def strips(self, scale: float = 1.0) -> Iterator[tuple[int, Tensor]]:
        """Costs of some sources with all targets over ``scale``, in order; all targets are held in float64."""
        y = self.y.whole()
        for rows in torch.arange(len(self.x)).split(rows_within(_PER_ENTRY * len(self.y))):
            yield int(rows[0]), mahalanobis_cost(self.x.take(rows), y, self.metric) / scale

    def of_edges(self, edge_index: Tensor) -> Tensor:
        """Of the listed pairs only, [e]."""
        found = torch.empty(edge_index.shape[1], dtype=torch.float64)
        step = rows_within(_PER_NUMBER * self.x.width)
        for start in range(0, len(found), step):
            part = edge_index[:, start : start + step].cpu()
            own = torch.arange(part.shape[1]).expand(2, -1)
            ends = (self.x.take(part[0]), self.y.take(part[1]))
            found[start : start + step] = mahalanobis_edge_cost(*ends, self.metric, own).cpu()
        return found

    def largest(self) -> float:
        """The largest cost of all pairs."""
        return max(float(cost.max()) for _, cost in self.strips())
