"""Typed values as JSON that people can read and that restores bit for bit.

Numbers are written with the fewest digits that give back the same bits. A tensor inside a graph-level value
is ``{"$type": "tensor", "dtype": "float32", "shape": [2], "data": [0.5, 1.0]}``; a value that JSON has no
word for (a tuple, a number that is not finite, a dictionary whose keys are not strings) is a tagged
dictionary too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import repeat
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avgraph.errors import DataError

Array = NDArray[Any]

TORCH_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.bool),
        *(torch.int64, torch.int32, torch.int16, torch.int8),
        *(torch.uint64, torch.uint32, torch.uint16, torch.uint8),
    )
}
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_TAG = "$type"


def array_dtype(dtype: str) -> np.dtype[Any]:
    """The numpy type that holds ``dtype`` without loss: itself, or float32 for bfloat16.

    Example:
        >>> array_dtype("bfloat16"), array_dtype("int8")
        (dtype('float32'), dtype('int8'))
    """
    return np.dtype("float32" if dtype == "bfloat16" else dtype)


def tensor_to_array(tensor: Tensor) -> tuple[str, Array]:
    """Name of the dtype and the values of a dense tensor, on the CPU; bfloat16 is widened to float32.

    Raises:
        DataError: for a sparse, complex or quantised tensor.

    Example:
        >>> tensor_to_array(torch.tensor([1.5], dtype=torch.bfloat16))
        ('bfloat16', array([1.5], dtype=float32))
    """
    name = str(tensor.dtype).removeprefix("torch.")
    if tensor.layout != torch.strided or name not in TORCH_DTYPES:
        kind = name if tensor.layout == torch.strided else f"sparse ({tensor.layout})"
        raise DataError(f"expected a dense tensor of {', '.join(TORCH_DTYPES)}; got {kind}")
    plain = tensor.detach().as_subclass(Tensor).cpu()
    return name, (plain.float() if name == "bfloat16" else plain).contiguous().numpy()


def array_to_tensor(array: Array, dtype: str) -> Tensor:
    """Undo `tensor_to_array`.

    Example:
        >>> array_to_tensor(np.array([1.5], dtype=np.float32), "bfloat16")
        tensor([1.5000], dtype=torch.bfloat16)
    """
    return torch.from_numpy(np.array(array)).to(TORCH_DTYPES[dtype])  # a copy, since the array may be read-only


def number_texts(array: Array) -> list[str]:
    """Every number of ``array``, flattened, as the shortest JSON number (or NaN, Infinity) that restores it.

    Example:
        >>> number_texts(np.array([0.1, -0.0, np.inf], dtype=np.float32)), number_texts(np.array([True]))
        (['0.1', '-0.0', 'Infinity'], ['true'])
    """
    flat = array.reshape(-1)
    if flat.dtype.kind != "f":
        texts = list(map(str, flat.tolist()))
        return [text.lower() for text in texts] if flat.dtype.kind == "b" else texts
    written = flat.astype("U")
    texts = written.tolist()
    with np.errstate(over="ignore"):
        back = written.astype(np.float64).astype(flat.dtype)
    # JSON readers parse to float64 first, and rounding twice can miss by one bit (7.038531e-26 in float32 does):
    # such a number, like one that is not finite, is written in another way.
    for i in np.nonzero((back != flat) | ~np.isfinite(flat))[0].tolist():
        texts[i] = _NOT_FINITE.get(texts[i]) or repr(float(flat[i]))
    return texts


def row_texts(array: Array, *, quote: bool = False) -> list[str]:
    """One JSON text per row: a number, a list, or a list of lists.

    Args:
        array: numbers, a row per node or edge.
        quote: write NaN and the infinities as JSON strings, for readers that know only strict JSON.

    Example:
        >>> row_texts(np.array([[1, 2], [3, 4]]))
        ['[1,2]', '[3,4]']
    """
    texts = number_texts(array)
    if quote and array.dtype.kind == "f":
        texts = [f'"{text}"' if text[-1] in "Ny" else text for text in texts]  # NaN, Infinity
    for axis in range(array.ndim - 1, 0, -1):
        width, rows = array.shape[axis], int(np.prod(array.shape[:axis]))
        texts = [f"[{','.join(texts[i * width : (i + 1) * width])}]" for i in range(rows)]
    return texts


def parse_rows(cells: Sequence[Any], dtype: str, shape: tuple[int, ...]) -> Array:
    """Undo `row_texts`: texts, or numbers and lists already parsed, become an array [len(cells), *shape].

    Raises:
        ValueError: if a cell is not a number or list of the dtype and shape asked for.

    Example:
        >>> parse_rows(["[1,2]", [3, 4]], "uint8", (2,))
        array([[1, 2], [3, 4]], dtype=uint8)
    """
    target = array_dtype(dtype)
    rows: Any = cells
    if any(map(isinstance, cells, repeat(str))):
        try:
            rows = json.loads(f"[{','.join(cells)}]")
        except (ValueError, TypeError):
            rows = [_parse_cell(cell) for cell in cells]
    # Floats go through float64, as every JSON reader does; number_texts saw to it that this is exact.
    # numpy would take uint64 beside smaller integers for floats.
    wide: Any = np.float64 if target.kind == "f" else np.object_ if target == np.uint64 else None
    loose = np.array(rows, dtype=wide)
    if loose.size == 0:
        loose = np.empty(0, target)
    elif loose.shape != (len(cells), *shape):
        raise ValueError(f"expected shape {list(shape)} in each row, got {list(loose.shape[1:])}")
    with np.errstate(over="ignore", invalid="ignore"):
        array = loose.astype(target)
    if target.kind != "f" and loose.size and not (loose.dtype.kind in "biufO" and bool(np.all(array == loose))):
        raise ValueError(f"expected {dtype}, got {loose.reshape(-1)[0]}")
    return array.reshape(len(cells), *shape)


def _parse_cell(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        word = cell.strip().lower()
        return word == "true" if word in ("true", "false") else float(word)  # other programs: True, INF, 1.


def encode_value(value: Any) -> Any:
    """A graph-level value as plain JSON data (strict: no NaN).

    Raises:
        DataError: for a type that cannot be stored, such as a set or an object of a user's own class.

    Example:
        >>> encode_value({"fold": (1, None)})
        {'fold': {'$type': 'tuple', 'items': [1, None]}}
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if np.isfinite(value) else {_TAG: "float", "value": _NOT_FINITE[repr(value)]}
    if type(value) is list:
        return [encode_value(item) for item in value]
    if type(value) is tuple:
        return {_TAG: "tuple", "items": [encode_value(item) for item in value]}
    if type(value) is dict:
        if _TAG not in value and all(type(key) is str for key in value):
            return {key: encode_value(item) for key, item in value.items()}
        return {_TAG: "dict", "items": [[encode_value(k), encode_value(v)] for k, v in value.items()]}
    if isinstance(value, Tensor):
        return _encode_array("tensor", *tensor_to_array(value))
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in TORCH_DTYPES:
        name = "array" if isinstance(value, np.ndarray) else "scalar"
        return _encode_array(name, value.dtype.name, np.asarray(value))
    raise DataError(
        f"cannot store a value of type {type(value).__name__}; expected None, a bool, int, float or str, "
        "a dense tensor or array, or a list, tuple or dict of these"
    )


def _encode_array(kind: str, dtype: str, array: Array) -> dict[str, Any]:
    data = json.loads(f"[{','.join(row_texts(array.reshape(1, *array.shape), quote=True))}]")[0]
    return {_TAG: kind, "dtype": dtype, "shape": list(array.shape), "data": data}


def decode_value(value: Any) -> Any:
    """Undo `encode_value`.

    Raises:
        ValueError: if a tagged dictionary is not one that `encode_value` writes.

    Example:
        >>> decode_value({"$type": "tuple", "items": [1, None]})
        (1, None)
    """
    if isinstance(value, list):
        return [decode_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: decode_value(item) for key, item in value.items()}
    try:
        kind = value[_TAG]
        if kind == "float":
            return float(value["value"])
        if kind == "tuple":
            return tuple(decode_value(item) for item in value["items"])
        if kind == "dict":
            return {decode_value(key): decode_value(item) for key, item in value["items"]}
        if kind in ("tensor", "array", "scalar"):
            array = parse_rows([value["data"]], value["dtype"], tuple(value["shape"]))[0]
            if kind == "tensor":
                return array_to_tensor(np.asarray(array), value["dtype"])
            return np.asarray(array) if kind == "array" else array
    except (KeyError, TypeError) as error:
        raise ValueError(f"malformed value of $type {value[_TAG]!r}: {error}") from None
    raise ValueError(f"unknown $type {kind!r}")
