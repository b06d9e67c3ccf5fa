"""The tensors of a ``.safetensors`` file, as its own library checks them: read, or mapped where numpy has the type."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from avgraph.errors import DataError
from avgraph.io.limits import MAX_JSON_HEADER
from avgraph.io.names import known_name
from avgraph.io.npy import Array, NpyHeader, mapped

_MAPPED: dict[str, np.dtype[Any]] = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2")}


def safetensors_array(path: Path, key: str | None, *, mapping: bool) -> Array:
    """One tensor; bfloat16 becomes float32. To be called within `avgraph.io.reading.reading`.

    Args:
        path: the file.
        key: name of the tensor.
        mapping: map it with numpy, so that its pages can be given back.

    Raises:
        DataError: if there is no such tensor or its type is none of numpy's; the library's errors otherwise.
    """
    import torch
    from safetensors import safe_open

    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > MAX_JSON_HEADER:
            raise DataError(f"not a .safetensors file: a header of {length} bytes, expected at most {MAX_JSON_HEADER}")
        header = file.read(length)
    # Offsets, overlaps and gaps are checked when the library opens it, for both ways alike.
    with safe_open(path, framework="pt") as file:  # "pt": the numpy framework refuses bfloat16
        name = known_name(key, file.keys())
        if mapping:
            entry: dict[str, Any] = json.loads(header)[name]
            dtype = _MAPPED.get(entry["dtype"])
            if dtype is not None:
                offset = 8 + length + int(entry["data_offsets"][0])
                return mapped(path, NpyHeader(dtype, tuple(entry["shape"]), "C", offset))
        tensor: torch.Tensor = file.get_tensor(name)
    try:
        array: Array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    except TypeError:
        raise DataError(f"tensor {name!r}: expected numbers that numpy has, got {tensor.dtype}") from None
    return array
