"""The columns of a table: as a named float64 matrix, of arrays, tensors and data frames; and some of them, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from jaxtyping import Float

from avgraph.errors import DataError, did_you_mean, first_few


def to_matrix(data: Any, what: str = "data") -> tuple[Float[np.ndarray, "n p"], tuple[str, ...] | None]:
    """``data`` as a float64 matrix, and the names of its columns where it has any.

    A data frame (pandas, polars, pyarrow) is recognised by what it offers; no such library is imported.

    Raises:
        DataError: if it has not two dimensions or a column that is not numbers.

    Example:
        >>> to_matrix([[1, 2], [3, 4]])[0].tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    names: tuple[str, ...] | None = None
    if hasattr(data, "column_names") and hasattr(data, "to_pydict"):  # pyarrow
        names = tuple(str(name) for name in data.column_names)
        columns = [_numbers(data.column(k).to_numpy(), name, what) for k, name in enumerate(names)]
        return np.stack(columns, axis=1) if columns else np.empty((len(data), 0)), names
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):  # pandas, polars
        names = tuple(str(name) for name in data.columns)
        by_position = data.iloc if hasattr(data, "iloc") else None
        columns = []
        for k, name in enumerate(names):
            column = by_position[:, k] if by_position is not None else data[:, k]
            columns.append(_numbers(column.to_numpy(), name, what))
        return np.stack(columns, axis=1) if columns else np.empty((len(data), 0)), names
    if hasattr(data, "detach"):  # a tensor, possibly on another device
        data = data.detach().cpu()
    array = np.asarray(data)
    if array.ndim != 2:
        raise DataError(f"{what}: expected a matrix [rows, columns], got shape {list(array.shape)}")
    return _numbers(array, None, what), None


def check_names(names: Sequence[str] | None, p: int) -> tuple[str, ...]:
    """One distinct name per column; x0, x1, … if none are given.

    Raises:
        DataError: if their number is wrong or one occurs twice.

    Example:
        >>> check_names(None, 2)
        ('x0', 'x1')
    """
    if p < 1:
        raise DataError("data: expected at least one column, got none")
    if names is None:
        return tuple(f"x{k}" for k in range(p))
    labels = tuple(str(name) for name in names)
    if len(labels) != p:
        raise DataError(f"names: expected {p}, one per column, got {len(labels)}")
    seen: set[str] = set()
    for label in labels:
        if label in seen:
            raise DataError(f"names: {label!r} names two columns")
        seen.add(label)
    return labels


def _numbers(values: Any, column: str | None, what: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    where = what if column is None else f"{what}: column {column!r}"
    array = np.asarray(values)
    if array.dtype.kind == "c":
        raise DataError(f"{where}: expected real numbers, got {array.dtype}")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: expected numbers, got {array.dtype}: {error}") from None


class UnknownColumnError(DataError):
    """A column was asked for that the table does not have."""


@dataclass(frozen=True)
class Selection:
    """Columns by name or by shell pattern (``mfcc_*``); a name that a table has is never read as a pattern.

    Attributes:
        columns: what to take; everything if empty.
        drop: what to leave out of that.
    """

    columns: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    def pick(self, names: Sequence[str], whole: Sequence[str] | None = None) -> list[int]:
        """Positions of the columns to take, in the order of the table.

        Args:
            names: of the columns.
            whole: for each the name of the column of lists that it is a part of, or its own again.

        Raises:
            UnknownColumnError: if nothing has such a name.

        Example:
            >>> Selection(("a*", "y"), ("ab",)).pick(["aa", "ab", "x", "y"])
            [0, 3]
        """
        taken = self._matching("columns", self.columns, names, whole) if self.columns else set(range(len(names)))
        return sorted(taken - self._matching("drop", self.drop, names, whole))

    def names_it(self, *names: str) -> bool:
        """Whether one of the names was asked for as it is, without a pattern.

        Example:
            >>> Selection(("a*", "y")).names_it("y"), Selection(("a*", "y")).names_it("aa")
            (True, False)
        """
        return any(name in self.columns for name in names)

    @staticmethod
    def _matching(option: str, patterns: Sequence[str], names: Sequence[str], whole: Sequence[str] | None) -> set[int]:
        found: set[int] = set()
        for pattern in patterns:
            exact = {k for k, name in enumerate(names) if pattern in (name, (whole or names)[k])}
            here = exact or {k for k, name in enumerate(names) if fnmatchcase(name, pattern)}
            if not here:
                close = did_you_mean(pattern, names)
                raise UnknownColumnError(
                    f"{option}: no column {pattern!r}; {close}{' ' if close else ''}there are: {first_few(names, 12)}"
                )
            found |= here
        return found
