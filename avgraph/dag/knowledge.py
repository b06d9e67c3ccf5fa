"""What the caller knows: edges that must be there and edges that must not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool

from avgraph.dag.cycles import cycle_of
from avgraph.errors import GraphError, did_you_mean

# (parent, child), each a column name or a column number.
Pairs: TypeAlias = Iterable[tuple[str | int, str | int]]


def edge_matrix(pairs: Pairs | None, names: tuple[str, ...], what: str) -> Bool[np.ndarray, "p p"]:
    """Pairs (parent, child) as a matrix, parent row → child column.

    Raises:
        GraphError: if a name is unknown, a number out of range, or both ends are the same.

    Example:
        >>> edge_matrix([("a", 1)], ("a", "b"), "forbidden").tolist()
        [[False, True], [False, False]]
    """
    matrix = np.zeros((len(names), len(names)), dtype=np.bool_)
    for pair in pairs if pairs is not None else ():
        if isinstance(pair, str) or len(pair) != 2:
            raise GraphError(f"{what}: expected pairs (parent, child), got {pair!r}")
        parent, child = (_column(end, names, what) for end in pair)
        if parent == child:
            raise GraphError(f"{what}: {names[parent]!r} cannot be its own parent")
        matrix[parent, child] = True
    return matrix


def check_consistent(
    forbidden: Bool[np.ndarray, "p p"], required: Bool[np.ndarray, "p p"], names: tuple[str, ...]
) -> None:
    """Refuse knowledge that no DAG can obey.

    Raises:
        GraphError: if an edge is both required and forbidden, or the required edges form a cycle.

    Example:
        >>> edge = edge_matrix([(0, 1)], ("a", "b"), "required")
        >>> check_consistent(edge, edge, ("a", "b"))
        Traceback (most recent call last):
        ...
        avgraph.errors.GraphError: 'a' → 'b' is both required and forbidden
    """
    both = np.argwhere(forbidden & required)
    if len(both):
        parent, child = both[0]
        raise GraphError(f"{names[parent]!r} → {names[child]!r} is both required and forbidden")
    if cycle := cycle_of(required):
        raise GraphError(f"required: the edges form a cycle: {' → '.join(repr(names[k]) for k in cycle)}")


def _column(end: str | int, names: tuple[str, ...], what: str) -> int:
    if isinstance(end, str):
        if end not in names:
            close = did_you_mean(end, names)
            raise GraphError(f"{what}: no column {end!r}" + (f"; {close}" if close else ""))
        return names.index(end)
    if not 0 <= end < len(names):
        raise GraphError(f"{what}: column {end} is out of range 0 … {len(names) - 1}")
    return int(end)
