"""Whether a file is there and begins as its kind does, and which arrays it has: cheap, without numpy or torch.

What only reading can tell (lengths, types, values) is left to reading.
"""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from avgraph.errors import DataError, did_you_mean
from avgraph.io.csv_header import chosen_columns, csv_columns
from avgraph.io.references import known_name, split_reference

_LONGEST_HEADER = 100 << 20  # of a .safetensors file, as the library has it


def check_array_file(reference: str, root: str | Path | None = None) -> None:
    """Refuse a reference to an array that cannot be read.

    Raises:
        DataError: if the reference is malformed, the file is missing or of another kind, or it has no such key.

    Example:
        >>> check_array_file("features.xls")
        Traceback (most recent call last):
        avgraph.errors.DataError: features.xls: expected FILE.npy, FILE.npz:KEY, FILE.safetensors:KEY, ...
    """
    file, suffix, key = split_reference(reference)
    path = Path(root or ".") / file.expanduser()
    check_file(path)
    if suffix == "txt" and not path.stat().st_size:
        raise DataError(f"{path}: it is empty; expected a word or a number a line")
    try:
        keys = _KEYS[suffix](path)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a .{suffix} file: {error}") from None
    if suffix in ("csv", "tsv"):
        try:
            chosen_columns(key, csv_columns(path))
        except ValueError as error:
            raise DataError(f"{path}: {error}") from None
    if keys is not None:
        check_key(path, key, keys)
    elif suffix == "parquet" and key is None:
        raise DataError(f"{path}: expected FILE:COLUMN")


TABLES = (".csv", ".tsv", ".parquet")


def check_table(path: str | Path, root: str | Path | None = None) -> None:
    """Refuse a file that is no table whose columns have names.

    Raises:
        DataError: if it is missing, of another kind, or names its columns wrongly.

    Example:
        >>> check_table("sounds.xlsx")
        Traceback (most recent call last):
        avgraph.errors.DataError: sounds.xlsx: expected a table, .csv, .tsv or .parquet
    """
    if Path(path).suffix.lower() not in TABLES:
        raise DataError(f"{path}: expected a table, .csv, .tsv or .parquet")
    if Path(path).suffix.lower() != ".parquet":
        check_array_file(str(path), root)
        return
    file = Path(root or ".") / Path(path).expanduser()
    check_file(file)
    try:
        _parquet(file)
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: not a .parquet file: {error}") from None


def check_file(path: Path) -> None:
    """Refuse a path at which there is no file.

    Raises:
        DataError: naming the nearest file that its folder has.
    """
    if path.is_file():
        return
    if path.is_dir():
        raise DataError(f"{path}: is a folder, expected a file")
    if path.exists():
        raise DataError(f"{path}: is no regular file")
    if not path.parent.is_dir():
        raise DataError(f"{path}: no such file (nor the folder {path.parent})")
    with os.scandir(path.parent) as entries:
        stems = {Path(entry.name).stem: entry.name for entry, _ in zip(entries, range(1000), strict=False)}
    near = did_you_mean(path.stem, stems)
    for stem, name in stems.items():
        near = near.replace(repr(stem), repr(name))
    raise DataError(f"{path}: no such file{'; ' if near else ''}{near}")


def check_key(path: Path, key: str | None, keys: Iterable[str]) -> None:
    """Refuse a key that a file does not have.

    Raises:
        DataError: listing those it has.
    """
    try:
        known_name(key, keys)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def npz_keys(path: Path) -> list[str]:
    """Names of the arrays of an ``.npz`` file.

    Raises:
        ValueError: if it is no archive.
    """
    import zipfile  # here, for the sake of commands that look at none

    if not zipfile.is_zipfile(path):
        raise ValueError("it is no archive" + _begins(path))
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except zipfile.BadZipFile as error:
        raise ValueError(f"a damaged archive: {error}") from None


def _safetensors_keys(path: Path) -> list[str]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(path.stat().st_size - 8, _LONGEST_HEADER):
            raise ValueError("it does not begin as one" + _begins(path))
        header = json.loads(file.read(length))
    if not isinstance(header, dict):
        raise ValueError("its header names no tensors")
    return [name for name in header if name != "__metadata__"]


def _npy(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(6) != b"\x93NUMPY":
            raise ValueError("it does not begin as one" + _begins(path))


def _parquet(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(max(path.stat().st_size - 4, 0))
        end = file.read(4)
    if start != b"PAR1":
        raise ValueError("it does not begin as one" + _begins(path))
    if end != b"PAR1":
        raise ValueError("it is cut short")


def _txt(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("it is UTF-16; save it as UTF-8")
    if b"\0" in start:
        raise ValueError("it holds NUL bytes, which no text does" + _begins(path))
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 on line {start.count(10, 0, error.start) + 1}; save it as UTF-8") from None


_KEYS: dict[str, Callable[[Path], list[str] | None]] = {
    "npy": _npy,
    "npz": npz_keys,
    "safetensors": _safetensors_keys,
    "parquet": _parquet,
    "csv": _txt,
    "tsv": _txt,
    "txt": _txt,
}
_MAGIC = {
    b"\x93NUMPY": "a .npy file",
    b"PK\x03\x04": "an archive, as .npz is",
    b"PAR1": "a .parquet file",
    b"\x89HDF": "an HDF5 file",
    b"\x80": "a pickle",
    b"version https://git-lfs": "a Git LFS pointer: fetch the file itself with 'git lfs pull'",
}


def _begins(path: Path) -> str:
    """What a file of another kind looks like, for the end of a message."""
    with path.open("rb") as file:
        start = file.read(32)
    if not start:
        return "; it is empty"
    return next((f"; it looks like {kind}" for magic, kind in _MAGIC.items() if start.startswith(magic)), "")
