"""The k nearest rows by cosine similarity, of the rows themselves or of others: exact, or nearly so and faster."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import torch
from jaxtyping import Float32, Float64, Int64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite
from avgraph.io.mapped_rows import Rows
from avgraph.nn.contrast.memory_rows import row_lengths
from avgraph.tensors.checks import check_tensors
from avgraph.tensors.rows import products_with
from avgraph.transforms._blocks import rows_within
from avgraph.transforms._found_rows import found_rows
from avgraph.transforms._nearest_blocks import PER_ENTRY
from avgraph.transforms._unit_rows import UnitRows


def nearest_neighbours(
    x: Rows,
    k: int,
    *,
    chunk_size: int | None = None,
    group: Tensor | Sequence[Hashable] | None = None,
    approximate: int | None = None,
) -> tuple[Int64[Tensor, "n k"], Float32[Tensor, "n k"]]:
    """The ``k`` rows most similar to each row, itself excluded: sim(i, j) = xᵢ·xⱼ / (‖xᵢ‖ ‖xⱼ‖).

    Exact unless asked for less: a matrix product per block of pairs and its k highest entries; by descending
    similarity, ties by index. The product is taken in float64 and rounded to float32, so that neither the size of a
    block nor the number of threads decides between rows that are equally similar; equal rows are compared only once,
    which makes their similarities equal to the last bit. Beside rows and results it takes a block of 256 MiB and some
    40 bytes a row, however many rows there are.

    Args:
        x: feature vectors; an array may be mapped from a file, of any float type.
        k: neighbours per row.
        chunk_size: rows per matrix product (default: what keeps a block within 256 MiB).
        group: one value per row; neighbours are sought among the rows with the same value only.
        approximate: look only into so many of 2·√n lists that k-means deals the rows to (faiss, extra ``[ann]``);
            a byte more for every number of ``x``. The similarities of what is found stay exact.

    Shapes:
        x [n, d] → index [n, k], similarity [n, k].

    Raises:
        GraphError: if ``x`` is no finite [n, d] of floating point, a row is zero (it has no direction), or a
            group has no ``k`` rows beside each row; without faiss where it is needed.

    Example:
        >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
        >>> nearest_neighbours(x, k=1)[0]
        tensor([[2],
                [2],
                [0]])
    """
    unit = UnitRows("x", x)
    return found_rows((unit, unit), k, chunk_size, (group, group), approximate, own=False)[:2]


def nearest_rows(
    query: Rows,
    x: Rows,
    k: int,
    *,
    chunk_size: int | None = None,
    group: Tensor | Sequence[Hashable] | None = None,
    of_rows: Tensor | Sequence[Hashable] | None = None,
    approximate: int | None = None,
) -> tuple[Int64[Tensor, "m k"], Float32[Tensor, "m k"]]:
    """The ``k`` rows of ``x`` most similar to each row of ``query``, as `nearest_neighbours` finds them.

    Args:
        query: vectors that rows are sought for.
        x: vectors that are found.
        k: rows per query.
        chunk_size: queries per matrix product (default: what keeps a block within 256 MiB).
        group, of_rows: one value per query and one per row; rows are sought among those with the value of the query.
        approximate: as of `nearest_neighbours`.

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
    unit = UnitRows("x", x)
    units = (asked_rows(query, unit), unit)
    if (group is None) != (of_rows is None):
        raise GraphError("group, of_rows: expected both or neither")
    return found_rows(units, k, chunk_size, (group, of_rows), approximate, own=True)[:2]


def asked_rows(query: Rows, x: UnitRows) -> UnitRows:
    """Queries for rows of the same width.

    Raises:
        GraphError: as `nearest_rows`.
    """
    unit = UnitRows("query", query)
    if unit.width != x.width:
        raise GraphError(f"query, x: expected one width, got {list(query.shape)} and {[len(x), x.width]}")
    return unit


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
        chunk_size or rows_within(PER_ENTRY * max(1, len(unit)))
    ):
        yield rows, product(query[rows]).float()
