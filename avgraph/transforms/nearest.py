"""Exact k nearest rows by cosine similarity, of the rows themselves or of others."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import torch
from jaxtyping import Float32, Float64, Int64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite
from avgraph.nn.contrast._memory_rows import row_lengths
from avgraph.tensors.checks import check_tensors
from avgraph.tensors.rows import products_with
from avgraph.transforms._top_k import stable_top_k

# Bytes that the similarities of one chunk of rows may take, and bytes per similarity:
# float64, float32, and as much again where duplicates are expanded and rows are sorted.
_MEMORY, _PER_ENTRY = 256 * 2**20, 32

_Group = Tensor | Sequence[Hashable] | None


def nearest_neighbours(
    x: Tensor,
    k: int,
    *,
    chunk_size: int | None = None,
    group: Tensor | Sequence[Hashable] | None = None,
) -> tuple[Int64[Tensor, "n k"], Float32[Tensor, "n k"]]:
    """The ``k`` rows most similar to each row, itself excluded: sim(i, j) = xᵢ·xⱼ / (‖xᵢ‖ ‖xⱼ‖).

    Exact: a matrix product per chunk of rows and its k highest entries; by descending similarity, ties by
    index. The product is taken in float64 and rounded to float32, so that neither the chunk size nor the
    number of threads decides between rows that are equally similar; equal rows are compared only once, which
    makes their similarities equal to the last bit.

    Args:
        x: feature vectors.
        k: neighbours per row.
        chunk_size: rows per matrix product (default: what keeps a chunk within 256 MiB).
        group: one value per row; neighbours are sought among the rows with the same value only.

    Shapes:
        x [n, d] → index [n, k], similarity [n, k].

    Raises:
        GraphError: if ``x`` is no finite [n, d] of floating point, a row is zero (it has no direction), or a
            group has no ``k`` rows beside each row.

    Example:
        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
        >>> nearest_neighbours(x, k=1)[0]
        tensor([[2],
                [2],
                [0]])
    """
    unit = checked_unit_rows("x", x)
    return _found((unit, unit), k, chunk_size, (group, group), own=False)


def nearest_rows(
    query: Tensor,
    x: Tensor,
    k: int,
    *,
    chunk_size: int | None = None,
    group: Tensor | Sequence[Hashable] | None = None,
    of_rows: Tensor | Sequence[Hashable] | None = None,
) -> tuple[Int64[Tensor, "m k"], Float32[Tensor, "m k"]]:
    """The ``k`` rows of ``x`` most similar to each row of ``query``, as `nearest_neighbours` finds them.

    Args:
        query: vectors that rows are sought for.
        x: vectors that are found.
        k: rows per query.
        chunk_size: queries per matrix product (default: what keeps a chunk within 256 MiB).
        group, of_rows: one value per query and one per row; rows are sought among those with the value of the query.

    Shapes:
        query [m, d], x [n, d] → index [m, k], similarity [m, k].

    Raises:
        GraphError: if one is no finite matrix of floating point, widths differ, a row is zero, or a group has fewer
            than ``k`` rows.

    Example:
        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
        >>> nearest_rows(torch.tensor([[2.0, 0.0]]), x, k=2)[0]
        tensor([[0, 2]])
    """
    units = (checked_unit_rows("query", query), checked_unit_rows("x", x))
    if query.shape[1] != x.shape[1]:
        raise GraphError(f"query, x: expected one width, got {list(query.shape)} and {list(x.shape)}")
    if (group is None) != (of_rows is None):
        raise GraphError("group, of_rows: expected both or neither")
    return _found(units, k, chunk_size, (group, of_rows), own=True)


def checked_unit_rows(name: str, x: Tensor) -> Float64[Tensor, "n d"]:
    """Rows of length 1, in float64.

    Raises:
        GraphError: if ``x`` is no finite matrix of floating point, or a row is zero.
    """
    check_tensors({name: x})
    if x.dim() != 2 or not x.is_floating_point():
        raise GraphError(f"{name}: expected floating-point features [n, d], got {x.dtype} {list(x.shape)}")
    wide = x.detach().double()
    check_finite(name, wide)
    return wide / row_lengths(name, wide)


def _found(
    units: tuple[Tensor, Tensor],
    k: int,
    chunk_size: int | None,
    groups: tuple[_Group, _Group],
    *,
    own: bool,
) -> tuple[Int64[Tensor, "m k"], Float32[Tensor, "m k"]]:
    """Of unit queries and unit rows, group by group; ``own``: whether row i may be found for query i."""
    if k < 1:
        raise GraphError(f"k: expected at least 1 neighbour, got {k}")
    if chunk_size is not None and chunk_size < 1:
        raise GraphError(f"chunk_size: expected at least 1 row, got {chunk_size}")
    query, unit = units
    index = torch.empty(len(query), k, dtype=torch.int64, device=unit.device)
    similarity = torch.empty(len(query), k, dtype=torch.float32, device=unit.device)
    rows_of = dict(_members(groups[1], len(unit)))
    for value, member in _members(groups[0], len(query)):
        found = rows_of.get(value, [])
        most = len(found) - (not own)
        if k > most:
            where = "" if groups[0] is None else f" in group {value!r}"
            raise GraphError(f"k = {k} neighbours of {len(found)} rows{where}: k is at most {max(most, 0)}")
        centre, rows = (torch.tensor(numbers, device=unit.device) for numbers in (member, found))
        local, similarity[centre] = _nearest(query[centre], unit[rows], k, chunk_size, own=own)
        index[centre] = rows[local]  # rows ascend, so ties by local index are ties by index
    return index, similarity


def _members(group: _Group, n: int) -> list[tuple[Any, list[int]]]:
    """The rows of each group, ascending."""
    if group is None:
        return [(None, list(range(n)))]
    shape = list(group.shape) if isinstance(group, Tensor) else [len(group)]
    if shape != [n]:
        raise GraphError(f"group: expected one value per row, [{n}], got {shape}")
    members: dict[Any, list[int]] = {}
    for row, value in enumerate(group.tolist() if isinstance(group, Tensor) else group):
        members.setdefault(value, []).append(row)
    return list(members.items())


def similarities(
    query: Float64[Tensor, "m d"], unit: Float64[Tensor, "n d"], chunk_size: int | None = None
) -> Iterator[tuple[Int64[Tensor, " c"], Float32[Tensor, "c n"]]]:
    """Numbers of some queries and their cosines with all rows, a chunk of unit rows at a time.

    Example:
        >>> unit = torch.eye(2).double()
        >>> [(rows.tolist(), each.tolist()) for rows, each in similarities(unit, unit, chunk_size=1)]
        [([0], [[1.0, 0.0]]), ([1], [[0.0, 1.0]])]
    """
    product = products_with(unit)
    for rows in torch.arange(len(query), device=unit.device).split(
        chunk_size or max(1, _MEMORY // (_PER_ENTRY * max(1, len(unit))))
    ):
        yield rows, product(query[rows]).float()


def _nearest(
    query: Float64[Tensor, "m d"], unit: Float64[Tensor, "n d"], k: int, chunk_size: int | None, *, own: bool
) -> tuple[Int64[Tensor, "m k"], Float32[Tensor, "m k"]]:
    # Made first: small results that stay between large arrays that go would let the heap grow by a chunk each time.
    index = torch.empty(len(query), k, dtype=torch.int64, device=unit.device)
    value = torch.empty(len(query), k, dtype=torch.float32, device=unit.device)
    for centre, similarity in similarities(query, unit, chunk_size):
        if not own:
            similarity[torch.arange(len(centre), device=unit.device), centre] = -torch.inf
        index[centre], value[centre] = stable_top_k(similarity, k)
    return index, value
