"""Data sets at the root of an HDF5 file, of this file only: what points elsewhere is never followed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avgraph.errors import DataError, shortened
from avgraph.io.npy import Array
from avgraph.io.reading import check_expansion


def read_hdf5(path: Path, keys: Sequence[str]) -> dict[str, Array]:
    """The data sets named in ``keys`` that there are. To be called within `avgraph.io.reading.reading`.

    MATLAB's own files (``save -v7.3``) hold every matrix transposed; they are turned back.

    Raises:
        DataError: if one is a link, holds references or anything but numbers, lies in another file, or claims
            far more than its bytes; h5py's errors for a damaged file.

    Example:
        >>> import h5py, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with h5py.File(f"{folder}/a.h5", "w") as file:
        ...         file["x"] = [1, 2]
        ...     read_hdf5(Path(folder, "a.h5"), ["x", "y"])
        {'x': array([1, 2])}
    """
    import h5py

    with h5py.File(path, "r") as file:
        sets = {key: _data_set(file, key) for key in keys if key in file.keys()}  # noqa: SIM118 - "in file" follows
        flip = any("MATLAB_class" in one.attrs for one in sets.values())
        arrays = {key: _values(one, key) for key, one in sets.items()}
    return {key: array.T if flip else array for key, array in arrays.items()}


def _data_set(file: Any, key: str) -> Any:
    import h5py

    link = file.get(key, getlink=True)
    if not isinstance(link, h5py.HardLink):
        kind = "another file" if isinstance(link, h5py.ExternalLink) else "another place"
        raise DataError(f"{key}: a link to {kind}, which is not followed; expected the data set itself")
    found = file[key]
    if not isinstance(found, h5py.Dataset):
        raise DataError(f"{key}: expected a data set, got a {type(found).__name__.lower()}")
    return found


def _values(found: Any, key: str) -> Array:
    if found.is_virtual or found.external:
        raise DataError(f"{key}: its values lie in another file, which is not followed")
    if found.shape is None or found.dtype.kind not in "biuf" or found.dtype.subdtype is not None:
        what = "nothing" if found.shape is None else shortened(str(found.dtype))
        raise DataError(f"{key}: expected numbers, got {what}")
    check_expansion(key, int(found.id.get_storage_size()), int(found.size) * found.dtype.itemsize)
    array: Array = found[()]
    return array
