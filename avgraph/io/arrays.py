"""One array out of a file: ``features.npy``, ``bundle.npz:key``, ``table.csv:column``, ``names.txt``, ….

Nothing is ever unpickled. What a reference may look like:

========================  ===========================================================================================
``features.npy``          the array, memory-mapped and read-only
``bundle.npz:key``        the array of that name
``weights.safetensors:x`` the tensor of that name (bfloat16 becomes float32)
``table.parquet:column``  numbers or strings [n], or a column of equally long lists [n, d]
``table.csv:column``      numbers or strings [n]; ``table.csv:f*`` or ``a,b``, and ``table.csv``: numbers [n, d]
``table.tsv:column``      the same with tabs between columns
``names.txt``             one string per line, UTF-8
========================  ===========================================================================================
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from avgraph.errors import DataError
from avgraph.io.csv_table import csv_array
from avgraph.io.npy import Array, NpyHeader, mapped, read_npy
from avgraph.io.npz import npz_array
from avgraph.io.parquet import parquet_array
from avgraph.io.reading import MAX_JSON_HEADER, check_expansion, reading
from avgraph.io.references import known_name, split_reference


def read_array(reference: str | Path, root: str | Path | None = None) -> Array:
    """Read the array that ``reference`` names.

    Args:
        reference: a file, and after a colon the key within it where the format holds several arrays.
        root: folder that a relative file starts from (default: the working directory).

    Raises:
        DataError: if the reference is malformed, the file is missing or unreadable, or it has no such key;
            the message lists the keys there are.

    Shapes:
        whatever the file holds; ``.txt`` and a parquet column of scalars give [n], of lists [n, d].

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/bundle.npz", x=np.eye(2))
        ...     read_array("bundle.npz:x", root=folder)
        array([[1., 0.], [0., 1.]])
    """
    return _array(reference, root, mapping=False)


def map_array(reference: str | Path, root: str | Path | None = None) -> Array:
    """The array that a reference names, mapped where the format allows it, else as `read_array`.

    Mapped are ``.npy``, members of ``.npz`` that are not compressed (`numpy.savez`) and floating-point tensors of
    ``.safetensors`` but bfloat16. Compressed members and ``.parquet`` columns are loaded. The checks of a file are
    those of `read_array`: what one refuses, the other refuses in the same words.

    Raises:
        DataError: as `read_array`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/bundle.npz", x=np.eye(2))
        ...     x = map_array("bundle.npz:x", root=folder)
        ...     isinstance(x, np.memmap), x.tolist()
        (True, [[1.0, 0.0], [0.0, 1.0]])
    """
    return _array(reference, root, mapping=True)


def _array(reference: str | Path, root: str | Path | None, *, mapping: bool) -> Array:
    path, suffix, key = split_reference(reference)
    path = Path(root or ".").expanduser() / path.expanduser()
    with reading(path, f".{suffix}"):
        if suffix == "npy":
            return read_npy(path)
        if suffix == "npz":
            return npz_array(path, key, mapping=mapping)
        if suffix == "safetensors":
            return safetensors_array(path, key, mapping=mapping)
        if suffix in ("csv", "tsv"):
            return csv_array(path, key)
        return parquet_array(path, key) if suffix == "parquet" else _read_txt(path)


def _read_txt(path: Path) -> Array:
    lines: list[str] = []
    # "utf-8-sig": editors on Windows begin a file with a mark that is not part of the first name.
    with path.open(encoding="utf-8-sig") as file:
        try:
            lines.extend(line.rstrip("\n") for line in file)
        except UnicodeDecodeError as error:
            raise DataError(f"not UTF-8 after line {len(lines)}: {error.reason}") from error
    # An array of text has the width of its longest line in every row.
    widest = max(map(len, lines), default=0)
    check_expansion("the lines as an array", path.stat().st_size, 4 * widest * len(lines))
    return np.array(lines, dtype=str)


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
