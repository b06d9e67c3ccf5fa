"""The nearest of many rows, exactly, in the memory of a block of similarities."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int64
from torch import Tensor

from avgraph.io.mapped_rows import Array
from avgraph.runtime.progress import counted
from avgraph.transforms._blocks import block_size, rows_within
from avgraph.transforms._unit_rows import WIDE, UnitRows
from avgraph.transforms.top_k import stable_top_k

# Bytes per similarity: float64, float32, and as much again where duplicates are expanded and rows are sorted.
PER_ENTRY = 32
_PER_COPY = 64  # of a copy that is put in again: numbers, similarities, and both once more in order

Found = tuple[Tensor, Tensor]
"""Places and similarities, [b, k] both."""


def nearest_in_blocks(
    query: UnitRows,
    asked: Int64[Tensor, " m"],
    rows: UnitRows,
    among: Int64[Tensor, " n"],
    k: int,
    chunk_size: int | None,
    *,
    own: bool,
) -> Found:
    """Places in ``among`` of the ``k`` rows most similar to each query, and the similarities.

    Equal rows are compared once, by the first of them, and put in again for it afterwards: a matrix product may round
    the same dot product differently in different columns. Of k distinct rows their copies hold the k nearest.

    Args:
        query: what rows are sought for.
        asked: numbers of the queries, ascending.
        rows: what is found.
        among: numbers of the rows that may be, ascending.
        k: rows per query; there are as many.
        chunk_size: queries at a time (default: as block_size says).
        own: whether row i may be found for query i; where not, it is among the rows.
    """
    copies = _Copies(rows.digests(among))
    # Made first: small results that stay between large arrays that go would let the heap grow by a block each time.
    index = torch.empty(len(asked), k, dtype=torch.int64)
    value = torch.empty(len(asked), k, dtype=torch.float32)
    distinct, sought = among[copies.first], min(k if own else k + 1, len(copies.first))
    tall, wide = block_size(len(asked), len(distinct), entry=PER_ENTRY, row=WIDE * rows.width, chunk_size=chunk_size)
    with counted(len(asked), "nearest rows", quiet=True if tall >= len(asked) else None) as advance:
        for start in range(0, len(asked), tall):
            part = slice(start, start + tall)
            found = _best(query.take(asked[part]), rows, distinct, sought, wide)
            without = None if own else torch.searchsorted(among, asked[part])
            index[part], value[part] = copies.expanded(found, k, without)
            advance(len(asked[part]))
    return index, value


@torch.no_grad()
def _best(unit: Tensor, rows: UnitRows, among: Tensor, k: int, wide: int) -> Found:
    """The ``k`` highest similarities of each unit query, ties by index, some columns at a time.

    Once there are k of each, a product in float32, twice as fast, tells which few pairs may be among the best; only
    these are taken in float64.
    """
    best = torch.full((len(unit), k), -torch.inf, device=unit.device)
    place = torch.zeros(len(unit), k, dtype=torch.int64, device=unit.device)
    # Twice what rounding and adding up can do to products whose sizes sum to at most 1.
    margin = 2 * (rows.width + 8) * torch.finfo(torch.float32).eps / 2
    narrow, seen = unit.float(), 0
    can_screen = torch.get_float32_matmul_precision() == "highest"
    with torch.autocast(unit.device.type, enabled=False):
        for start in range(0, len(among), wide):
            columns = rows.take(among[start : start + wide])
            pairs = _close(narrow, columns, best[:, -1] - margin) if can_screen and seen >= k else None
            seen += len(columns)
            if pairs is None:
                column, value = stable_top_k(rounded(unit @ columns.T), min(k, len(columns)))
                better = torch.arange(len(unit), device=unit.device)
            else:
                better, column, value = _by_row(unit, columns, *pairs)
            # Earlier rows first: among equals the lower index stays.
            values, places = torch.cat([best[better], value], 1), torch.cat([place[better], column + start], 1)
            kept, best[better] = stable_top_k(values, k)
            place[better] = places.gather(1, kept)
    return place.cpu(), best.cpu()


def rounded(similarity: Tensor) -> Tensor:
    """In float32, where equal ones are equal however they were added up: next to 0 only if what is left over is 0."""
    return F.hardshrink(similarity, 2**-40).float()


def _close(narrow: Tensor, columns: Tensor, limit: Tensor) -> tuple[Tensor, Tensor] | None:
    """Pairs whose product in float32 is at least the query's limit; None where they take more than all in float64."""
    row, column = (narrow @ columns.float().T >= limit[:, None]).nonzero(as_tuple=True)
    return (row, column) if len(row) * columns.shape[1] <= len(narrow) * len(columns) else None


def _by_row(unit: Tensor, columns: Tensor, row: Tensor, column: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Queries that have pairs, columns of these, ascending, and similarities, −∞ where a query has fewer."""
    similarity = rounded((unit[row] * columns[column]).sum(1))
    better, number, count = row.unique_consecutive(return_inverse=True, return_counts=True)
    rank = torch.arange(len(row), device=row.device) - (count.cumsum(0) - count)[number]
    shape = (len(better), int(count.max()) if len(count) else 0)
    of_query, value = column.new_zeros(shape), similarity.new_full(shape, -torch.inf)
    of_query[number, rank], value[number, rank] = column, similarity
    return better, of_query, value


class _Copies:
    """Which rows are equal.

    Attributes:
        first: places of the first of each, ascending.
        members: for each of these all its places, ascending, filled up with −1; none where all differ.
    """

    def __init__(self, digests: Array) -> None:
        _, first, number = np.unique(digests, return_index=True, return_inverse=True)
        self.first, self.members = torch.arange(len(digests)), None
        if len(first) == len(digests):
            return
        order = np.argsort(first)
        self.first = torch.from_numpy(first[order])
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        group = rank[number]
        by_group = np.argsort(group, kind="stable")
        count = np.bincount(group)
        self.members = (torch.from_numpy(by_group), torch.from_numpy(count), torch.from_numpy(count.cumsum() - count))

    def expanded(self, found: Found, k: int, without: Tensor | None) -> Found:
        """The ``k`` best of all rows, of the best distinct ones, less the one that is to be left out of each."""
        place, value = found
        if self.members is not None:
            step = rows_within(4 * _PER_COPY * place.shape[1] * min(k + 1, int(self.members[1].max())))
            parts = zip(place.split(step), value.split(step), strict=True)
            place, value = map(torch.cat, zip(*(self._with_copies(*part, k + 1) for part in parts), strict=True))
        if without is not None:
            value = torch.where(place == without[:, None], -torch.inf, value)
            kept, value = stable_top_k(value, k)
            place = place.gather(1, kept)
        return place[:, :k], value[:, :k]

    def _with_copies(self, place: Tensor, value: Tensor, most: int) -> Found:
        """Each row's copies beside it, by descending similarity, ties by index; ``most`` of each will do."""
        assert self.members is not None
        by_group, count, start = self.members
        extra = torch.arange(min(most, int(count.max())))
        there = extra < count[place][:, :, None]
        member = (start[place][:, :, None] + extra).clamp_max(len(by_group) - 1)
        every = torch.where(there, by_group[member], len(by_group)).flatten(1)
        values = torch.where(there, value[:, :, None], -torch.inf).flatten(1)
        every, order = every.sort(1)
        values, by_value = values.gather(1, order).sort(dim=1, descending=True, stable=True)
        # One more than are asked for: the query itself may be among them.
        return every.gather(1, by_value)[:, :most].clone(), values[:, :most].clone()
