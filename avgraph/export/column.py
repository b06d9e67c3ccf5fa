"""One attribute with a value per node or edge: what a table column is to every format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from avgraph.export.array_text import TORCH_DTYPES, Array, array_to_tensor, parse_rows, row_texts, tensor_to_array
from avgraph.export.codec import decode_value, dump_json, encode_value

# A vector is turned into text a few rows at a time, so that memory stays small however long the graph is.
_NUMBERS_AT_ONCE = 1 << 16
_GRAPHML_TYPES = {
    **dict.fromkeys(("int8", "int16", "int32", "uint8", "uint16"), "int"),
    **dict.fromkeys(("int64", "uint32"), "long"),
    **dict.fromkeys(("float16", "bfloat16", "float32"), "float"),
    **{"float64": "double", "bool": "boolean", "uint64": "string"},
}


@dataclass(frozen=True)
class Column:
    """One attribute of one node or edge type.

    Attributes:
        name: the attribute in the HeteroData store.
        key: its name in the exported graph; differs from ``name`` only where a format reserves that name.
        container: what held the values: "tensor", "array", "list" or "tuple".
        dtype: type of the numbers; "str" for text (None where there is none), "json" for anything else.
        shape: shape of one value; () for a scalar.
        values: numbers as an array [n, *shape], or a list of n values (for "json": plain JSON data).
    """

    name: str
    key: str
    container: str
    dtype: str
    shape: tuple[int, ...]
    values: Array | list[Any]

    @property
    def is_vector(self) -> bool:
        """Whether a value is more than one number."""
        return bool(self.shape)

    @property
    def graphml_type(self) -> str:
        """The GraphML type of a cell: vectors are strings, scalars have their own type."""
        return "string" if self.shape else _GRAPHML_TYPES.get(self.dtype, "string")

    def spec(self) -> dict[str, Any]:
        """What a reader needs to restore the column from its cells."""
        return {
            "name": self.name,
            "key": self.key,
            "container": self.container,
            "dtype": self.dtype,
            "shape": list(self.shape),
        }

    def texts(self) -> Iterator[str | None]:
        """A text per row for XML; None where the row has no value."""
        if isinstance(self.values, list):
            yield from self.values if self.dtype == "str" else map(dump_json, self.values)
        else:
            yield from _chunked_texts(self.values, quote=False)

    def json_texts(self) -> Iterator[str | None]:
        """A strict JSON text per row; None where the row has no value."""
        if isinstance(self.values, list):
            yield from (None if cell is None else dump_json(cell) for cell in self.cells())
        else:
            yield from _chunked_texts(self.values, quote=True)

    def cells(self) -> list[Any]:
        """A plain Python value per row: bool, int, float, str, a list or dict, or None where there is none.

        A string in a "json" column is JSON text, quotes included, so that a reader can tell it from other
        values.
        """
        if not isinstance(self.values, list):
            return list(self.values.tolist())
        return self.values if self.dtype == "str" else [_json_cell(value) for value in self.values]


def _json_cell(value: Any) -> Any:
    return dump_json(value) if isinstance(value, str) else value


def _chunked_texts(array: Array, *, quote: bool) -> Iterator[str]:
    step = max(1, _NUMBERS_AT_ONCE // max(1, int(np.prod(array.shape[1:]))))
    for start in range(0, len(array), step):
        yield from row_texts(array[start : start + step], quote=quote)


def make_column(name: str, key: str, value: Any, size: int) -> Column | None:
    """The column that ``value`` is, or None if it does not hold one value for each of ``size`` rows.

    Raises:
        DataError: for a tensor or a list item that cannot be stored.

    Example:
        >>> make_column("name", "name", ["dog", "rain"], 2).graphml_type
        'string'
        >>> make_column("name", "name", ["dog", "rain"], 3) is None
        True
    """
    if isinstance(value, Tensor):
        if value.dim() == 0 or value.shape[0] != size:
            return None
        dtype, array = tensor_to_array(value)
        return Column(name, key, "tensor", dtype, array.shape[1:], array)
    if isinstance(value, np.ndarray) and value.dtype.name in TORCH_DTYPES:
        fits = value.ndim > 0 and len(value) == size
        return Column(name, key, "array", value.dtype.name, value.shape[1:], value) if fits else None
    if type(value) not in (list, tuple) or len(value) != size:
        return None
    container = type(value).__name__
    if size and all(type(item) is str or item is None for item in value):
        return Column(name, key, container, "str", (), list(value))
    kinds = {type(item) for item in value}
    if kinds in ({bool}, {float}) or (kinds == {int} and all(abs(item) < 2**63 for item in value)):
        array = np.array(value, dtype={bool: "bool", float: "float64", int: "int64"}[kinds.pop()])
        return Column(name, key, container, array.dtype.name, (), array)
    return Column(name, key, container, "json", (), [encode_value(item) for item in value])


def restore_column(spec: dict[str, Any], cells: Sequence[Any]) -> Tensor | Array | list[Any] | tuple[Any, ...]:
    """Undo `make_column`, from a column's spec and its cells (texts or plain Python values; None: no value).

    Raises:
        ValueError: if a cell does not hold what the spec says; see `first_wrong` for which.

    Example:
        >>> import torch
        >>> restore_column(make_column("y", "y", torch.tensor([1, 2]), 2).spec(), ["1", "2"])
        tensor([1, 2])
    """
    container, dtype, shape = spec["container"], spec["dtype"], tuple(spec["shape"])
    values: list[Any]
    if dtype == "str":
        values = [cell if cell is None else str(cell) for cell in cells]
    elif dtype == "json":
        values = [decode_value(json.loads(cell) if isinstance(cell, str) else cell) for cell in cells]
    else:
        array = _parse_chunks(cells, dtype, shape)
        if container == "tensor":
            return array_to_tensor(array, dtype)
        if container == "array":
            return array
        values = array.tolist()
    return tuple(values) if container == "tuple" else values


def _parse_chunks(cells: Sequence[Any], dtype: str, shape: tuple[int, ...]) -> Array:
    step = max(1, _NUMBERS_AT_ONCE // max(1, int(np.prod(shape))))
    chunks = [parse_rows(cells[start : start + step], dtype, shape) for start in range(0, len(cells), step)]
    return np.concatenate(chunks) if chunks else parse_rows([], dtype, shape)


def first_wrong(spec: dict[str, Any], cells: Sequence[Any]) -> tuple[int, str]:
    """Row of the first cell that `restore_column` cannot read, and why; (0, "") if each alone can be read.

    Example:
        >>> import torch
        >>> first_wrong(make_column("y", "y", torch.tensor([1, 2]), 2).spec(), ["1", "two"])
        (1, "could not convert string to float: 'two'")
    """
    for row, cell in enumerate(cells):
        try:
            restore_column(spec, [cell])
        except (ValueError, TypeError, OverflowError) as error:
            return row, str(error)
    return 0, ""
