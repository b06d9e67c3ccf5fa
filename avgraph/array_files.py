"""One array out of a file: ``features.npy``, ``bundle.npz:key``, ``table.parquet:column``, ``names.txt``, ….

Nothing is ever unpickled. What a reference may look like:

========================  =================================================================
``features.npy``          the array, memory-mapped and read-only
``bundle.npz:key``        the array of that name
``weights.safetensors:x`` the tensor of that name (bfloat16 becomes float32)
``table.parquet:column``  numbers or strings [n], or a column of equally long lists [n, d]
``names.txt``             one string per line, UTF-8
========================  =================================================================
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avgraph.errors import DataError
from avgraph.io.references import split_reference
from avgraph.suggestions import did_you_mean

__all__ = ["Array", "read_array", "split_reference"]

Array = npt.NDArray[Any]


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
    path, suffix, key = split_reference(reference)
    path = Path(root or ".").expanduser() / path.expanduser()
    if not path.is_file():
        raise DataError(f"{path}: no such file" + (" (it is a folder)" if path.is_dir() else ""))
    try:
        return _READERS[suffix](path, key)
    except DataError:
        raise
    except Exception as error:  # each library has its own errors for a broken file: one line for all of them
        raise DataError(f"{path}: not a readable .{suffix} file: {type(error).__name__}: {error}") from error


def _read_npy(path: Path, key: str | None) -> Array:
    array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray):  # numpy looks at the content, not at the name
        raise DataError(f"{path}: expected one .npy array; this is an .npz archive under the wrong name")
    return array


def _read_npz(path: Path, key: str | None) -> Array:
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: not an .npz archive")
    with np.load(path, allow_pickle=False) as bundle:
        name = _known_key(path, key, bundle.files)
        try:
            array: Array = bundle[name]
        except ValueError as error:
            raise DataError(f"{path}: array {name!r} cannot be read without unpickling: {error}") from error
        return array


def _read_safetensors(path: Path, key: str | None) -> Array:
    import torch
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:  # "pt": the numpy framework refuses bfloat16
        tensor: torch.Tensor = file.get_tensor(_known_key(path, key, file.keys()))
    array: Array = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    return array


def _read_parquet(path: Path, key: str | None) -> Array:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    # Opening by handle: a name alone would be taken for a partitioned data set with its folders as columns.
    with path.open("rb") as handle:
        file = pq.ParquetFile(handle)
        name = _known_key(path, key, file.schema_arrow.names)
        column = file.read(columns=[name]).column(0)
    shape = [len(column)]
    is_list = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    while any(is_kind(column.type) for is_kind in is_list):
        _refuse_null(path, name, column)
        lengths = pc.list_value_length(column).to_numpy()
        if len(lengths) and (wrong := np.flatnonzero(lengths != lengths[0])).size:
            row = int(wrong[0])
            raise DataError(f"{path}: column {name!r}: row {row} has {lengths[row]} values, row 0 has {lengths[0]}")
        shape.append(int(lengths[0]) if len(lengths) else 0)
        column = pc.list_flatten(column)
    _refuse_null(path, name, column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.array(column.to_pylist(), dtype=str).reshape(shape)
    array: Array = column.to_numpy()
    if array.dtype == object:
        raise DataError(f"{path}: column {name!r}: expected numbers, strings or lists of them, got {column.type}")
    return array.reshape(shape)


def _refuse_null(path: Path, name: str, column: Any) -> None:
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise DataError(f"{path}: column {name!r}: value {row} is missing (null)")


def _read_txt(path: Path, key: str | None) -> Array:
    lines: list[str] = []
    # "utf-8-sig": editors on Windows begin a file with a mark that is not part of the first name.
    with path.open(encoding="utf-8-sig") as file:
        try:
            lines.extend(line.rstrip("\n") for line in file)
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not UTF-8 after line {len(lines)}: {error.reason}") from error
    return np.array(lines, dtype=str)


def _known_key(path: Path, key: str | None, known: Iterable[str]) -> str:
    names = sorted(known)
    listed = ", ".join(names[:20]) + (f", … ({len(names)} in all)" if len(names) > 20 else "")
    if key is None:
        raise DataError(f"{path}: expected FILE:KEY with one of: {listed}")
    if key not in names:
        close = did_you_mean(key, names)
        raise DataError(f"{path}: no key {key!r}; {close}{' ' if close else ''}it has: {listed}")
    return key


_READERS: dict[str, Callable[[Path, str | None], Array]] = {
    "npy": _read_npy,
    "npz": _read_npz,
    "safetensors": _read_safetensors,
    "parquet": _read_parquet,
    "txt": _read_txt,
}
