"""How much of a table [n, m] that is never held is made at a time: a block that keeps within a stated memory."""

from __future__ import annotations

import math

BUDGET = 256 * 2**20
"""Bytes that a block and the rows it is made of may take, whatever the number of rows."""

_LEAST = 16  # rows and columns of a block: below it a matrix product is a stream of vectors


def rows_within(row: int) -> int:
    """How many rows of so many bytes a block may have; at least 1.

    Example:
        >>> rows_within(2**20)
        256
    """
    return max(1, BUDGET // row)


def block_size(rows: int, columns: int, *, entry: int, row: int, chunk_size: int | None = None) -> tuple[int, int]:
    """Rows and columns of a block, as square as the table allows: every row of either side is read least often so.

    Args:
        rows, columns: of the whole table.
        entry: bytes that an entry of a block takes, with what is made of it on the way.
        row: bytes that a row of features takes, of either side, likewise.
        chunk_size: rows of a block that are asked for.

    Returns:
        Numbers of at least 1 with entry · rows · columns + row · (rows + columns) ≤ `BUDGET`, unless a block of 16 × 16
        takes more, or ``chunk_size`` does with a single column.

    Example:
        >>> block_size(10**6, 10**6, entry=32, row=24 * 512)
        (2537, 2538)
        >>> block_size(10**6, 50, entry=32, row=24 * 512)
        (19284, 50)
    """
    # The root of entry · s² + 2 · row · s = BUDGET.
    side = max(_LEAST, int((math.sqrt(row**2 + entry * BUDGET) - row) / entry))
    if chunk_size is not None:
        tall = min(rows, chunk_size)
    else:
        tall = rows if columns > side >= rows else side
        if columns <= side:
            tall = max(_LEAST, (BUDGET - row * columns) // (entry * columns + row))
    tall = max(1, min(rows, tall))
    wide = max(1 if chunk_size else _LEAST, (BUDGET - row * tall) // (entry * tall + row))
    return tall, max(1, min(columns, wide))
