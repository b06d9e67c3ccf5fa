"""The arrays of an ``.npz`` archive by their names: read, or mapped where they are not compressed; never unpickled."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedIOBase
from pathlib import Path
from typing import cast

from avgraph.errors import DataError, reason_of
from avgraph.io.npy import Array, NpyHeader, mapped, read_npy_header, values_of
from avgraph.io.reading import reading
from avgraph.io.references import known_name
from avgraph.io.zip_archive import checked_members

_LOCAL_HEADER = 30  # bytes before the name; lengths of name and extra field are its last four
_BLOCK = 1 << 20


def read_npz(path: str | Path, keys: Sequence[str]) -> dict[str, Array]:
    """Read the arrays named ``keys``; the file may hold others.

    Raises:
        DataError: if the file is missing, unreadable, needs unpickling or lacks a key; the message lists those it has.

    Example:
        >>> import numpy as np, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/bundle.npz", x=np.arange(2), y=np.zeros(3))
        ...     read_npz(f"{folder}/bundle.npz", ["x"])
        {'x': array([0, 1])}
    """
    with reading(path, ".npz"), _opened(Path(path)) as archive:
        members = _arrays(Path(path), archive)
        return {key: _read(archive, members[known_name(key, members)], key) for key in keys}


def npz_names(path: str | Path) -> list[str]:
    """Names of the arrays of an archive.

    Raises:
        DataError: as `read_npz`.

    Example:
        >>> import numpy as np, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/bundle.npz", x=np.arange(2), y=np.zeros(3))
        ...     npz_names(f"{folder}/bundle.npz")
        ['x', 'y']
    """
    with reading(path, ".npz"), _opened(Path(path)) as archive:
        return list(_arrays(Path(path), archive))


def npz_array(path: Path, key: str | None, *, mapping: bool) -> Array:
    """One array. To be called within `avgraph.io.reading.reading`.

    Args:
        path: the archive.
        key: name of the array.
        mapping: map it where it is not compressed; it is read once for its checksum all the same.

    Raises:
        DataError: as `read_npz`.
    """
    with _opened(path) as archive:
        members = _arrays(path, archive)
        name = known_name(key, members)
        if mapping and members[name].compress_type == zipfile.ZIP_STORED:
            return _map(path, archive, members[name], name)
        return _read(archive, members[name], name)


def _opened(path: Path) -> zipfile.ZipFile:
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path}: not an .npz archive")
    return zipfile.ZipFile(path)


def _arrays(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    members = checked_members(archive, path.stat().st_size)
    arrays = {name.removesuffix(".npy"): info for name, info in members.items() if name.endswith(".npy")}
    if members and not arrays:
        raise DataError(f"not an .npz archive: its member {next(iter(members))!r} is no array (.npy)")
    return arrays


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, key: str) -> Array:
    with _at_values(archive, member, key) as (file, header):
        return values_of(file, header)


def _map(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, key: str) -> Array:
    with _at_values(archive, member, key) as (_, header):
        pass
    with path.open("rb") as raw:
        raw.seek(member.header_offset)
        name, extra = struct.unpack("<HH", raw.read(_LOCAL_HEADER)[-4:])
    start = member.header_offset + _LOCAL_HEADER + name + extra
    return mapped(path, replace(header, offset=start + header.offset))


@contextmanager
def _at_values(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, key: str
) -> Iterator[tuple[BufferedIOBase, NpyHeader]]:
    """A member that stands at its first value, and its header; all of it is read and its checksum compared."""
    try:
        with cast(BufferedIOBase, archive.open(member)) as file:  # compares the two headers of the member
            header = read_npy_header(file, member.file_size)
            if after := member.file_size - header.offset - header.n_bytes:
                raise DataError(f"{after} bytes follow its values")
            yield file, header
            while file.read(_BLOCK):  # compares the checksum at the end
                pass
    except (ValueError, EOFError) as error:
        raise DataError(f"array {key!r} cannot be read: {reason_of(error)}") from error
