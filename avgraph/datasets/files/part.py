"""Rows of one type as arrays, before they are nodes or edges of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from avgraph.datasets.checks import Array, check_finite, check_numeric
from avgraph.errors import DataError
from avgraph.io.mapped_rows import is_whole_map, private


@dataclass(frozen=True)
class Part:
    """Rows of one type.

    Attributes:
        arrays: of nodes ``x``, ``y``, ``split``, ``name``, ``fold``, ``source``, of edges ``weight``, ``attr``, ``y``,
            ``split``: those that there are, as many of each.
        where: the same keys and names → where they are from, for messages.
        attributes: name → what else there is of each row.
        mapped: whether what a file holds in the type of the graph stays there.
        columns: of a table that ``x`` is of, in this order.
    """

    arrays: dict[str, Array]
    where: dict[str, str]
    attributes: dict[str, Array] = field(default_factory=dict)
    mapped: bool = False
    columns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter({**self.arrays, **self.attributes}.values())))


def features_of(array: Array, where: str, keep_bytes: bool = True, mapped: bool = False) -> Tensor:
    """Finite numbers as float32; 8-bit ones stay as they are, where ``keep_bytes``; float32 in its file, if ``mapped``.

    Raises:
        DataError: naming the rows that are not finite.
    """
    check_numeric(array, where)
    check_finite(array, where)
    if mapped and array.dtype == np.float32 and is_whole_map(array):
        return torch.from_numpy(private(array))
    if keep_bytes and array.dtype == np.uint8:
        return torch.from_numpy(np.array(array))
    with np.errstate(over="ignore"):  # told below, with the row
        narrow = np.array(array, dtype=np.float32)
    if array.dtype.itemsize > 4:  # a large float64 is finite, its float32 is not
        check_finite(narrow, f"{where}, as float32")
    return torch.from_numpy(narrow)


def attribute_of(array: Array, where: str) -> Tensor | list[str]:
    """What a graph holds of each row: words, or numbers as int64, bool, bytes or float32, where NaN is a missing one.

    Raises:
        DataError: for anything else.

    Example:
        >>> attribute_of(np.array([1.5, np.nan]), "sounds.csv:length"), attribute_of(np.array(["a", "b"]), "")
        (tensor([1.5000,    nan]), ['a', 'b'])
    """
    if array.dtype.kind == "U" and array.ndim == 1:
        return [str(word) for word in array]
    check_numeric(array, where)
    if array.ndim == 0:
        raise DataError(f"{where}: expected a value or a row each, got a single one")
    kind = np.float32 if array.dtype.kind == "f" else np.int64
    return torch.from_numpy(np.array(array, dtype=array.dtype if array.dtype in (np.bool_, np.uint8) else kind))


def attributes_of(part: Part) -> Mapping[str, Tensor | list[str]]:
    """All attributes of the rows."""
    return {name: attribute_of(array, part.where[name]) for name, array in part.attributes.items()}
