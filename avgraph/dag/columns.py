"""A table as a matrix of float64 with named columns: arrays, tensors and data frames of any library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from avgraph.errors import DataError


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
