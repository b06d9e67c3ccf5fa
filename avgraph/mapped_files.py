"""Arrays mapped from files that hold several: uncompressed ``.npz`` and ``.safetensors``, beside ``.npy``."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from avgraph.array_files import Array, read_array, split_reference

_SAFETENSORS: dict[str, np.dtype[Any]] = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
_LOCAL_HEADER = 30  # bytes before the name in a zip archive; lengths of name and extra field are its last four


def map_array(reference: str | Path, root: str | Path | None = None) -> Array:
    """The array that a reference names, mapped where the format allows it, else as `avgraph.array_files.read_array`.

    Mapped are ``.npy``, members of ``.npz`` that are not compressed (`numpy.savez`) and floating-point tensors of
    ``.safetensors`` but bfloat16. Compressed members and ``.parquet`` columns are loaded.

    Raises:
        DataError: as `avgraph.array_files.read_array`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/bundle.npz", x=np.eye(2))
        ...     x = map_array("bundle.npz:x", root=folder)
        ...     isinstance(x, np.memmap), x.tolist()
        (True, [[1.0, 0.0], [0.0, 1.0]])
    """
    path, suffix, key = split_reference(reference)
    path = Path(root or ".").expanduser() / path.expanduser()
    mapped = None
    if suffix in ("npz", "safetensors") and key is not None and path.is_file():
        try:
            mapped = _map_npz(path, key) if suffix == "npz" else _map_safetensors(path, key)
        except (OSError, ValueError, KeyError, struct.error, zipfile.BadZipFile):
            mapped = None  # reading tells what is wrong
    return read_array(reference, root) if mapped is None else mapped


def _map_npz(path: Path, key: str) -> Array | None:
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        member = archive.getinfo(f"{key}.npy")
        if member.compress_type != zipfile.ZIP_STORED:
            return None
        file.seek(member.header_offset)
        name, extra = struct.unpack("<HH", file.read(_LOCAL_HEADER)[-4:])
        file.seek(member.header_offset + _LOCAL_HEADER + name + extra)
        version = np.lib.format.read_magic(file)
        shape: tuple[int, ...]
        dtype: np.dtype[Any]
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(file)
        if dtype.hasobject or 0 in shape or not shape:
            return None
        return np.memmap(path, dtype, "r", file.tell(), tuple(shape), "F" if is_fortran else "C")


def _map_safetensors(path: Path, key: str) -> Array | None:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > path.stat().st_size:
            return None
        entry: dict[str, Any] = json.loads(file.read(length))[key]
    dtype, shape = _SAFETENSORS.get(entry["dtype"]), tuple(entry["shape"])
    start, end = entry["data_offsets"]
    if dtype is None or 0 in shape or not shape or 8 + length + end > path.stat().st_size:
        return None
    mapped: Array = np.memmap(path, dtype, "r", int(8 + length + start), shape)
    return mapped
