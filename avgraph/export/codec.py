"""Typed values as JSON that people can read and that restores bit for bit.

A tensor inside a graph-level value is ``{"$type": "tensor", "dtype": "float32", "shape": [2], "data": [0.5, 1.0]}``; a
value that JSON has no word for (a tuple, a number that is not finite, a dictionary whose keys are not strings) is a
tagged dictionary too.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
from torch import Tensor

from avgraph.errors import DataError
from avgraph.export.array_text import (
    NOT_FINITE,
    TORCH_DTYPES,
    Array,
    array_to_tensor,
    parse_rows,
    row_texts,
    tensor_to_array,
)

# json.dumps with options builds an encoder for each call, which is most of its time for a short string.
_READABLE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_ASCII = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = "$type"


def dump_json(value: Any) -> str:
    """Strict, compact JSON with readable letters; lone surrogates, which no file can hold, are escaped.

    Example:
        >>> dump_json({"name": ["Gewölbe"]})
        '{"name":["Gewölbe"]}'
    """
    text = _READABLE.encode(value)
    return text if text.isascii() or not _SURROGATE.search(text) else _ASCII.encode(value)


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
        return value if np.isfinite(value) else {_TAG: "float", "value": NOT_FINITE[repr(value)]}
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
