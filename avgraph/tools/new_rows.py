"""New rows from files, as a run was given its own: arrays, texts, recordings, pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from avgraph.datasets.audio import BANDS, log_mel_columns, seconds_of
from avgraph.datasets.files.columns import named_rows, read_columns
from avgraph.datasets.sound_facts import sound_facts, warn_of_sounds
from avgraph.errors import DataError
from avgraph.io.arrays import read_array
from avgraph.io.pictures import read_picture
from avgraph.io.references import split_reference
from avgraph.io.sound_files import SOUNDS, is_sound
from avgraph.io.table_reader import read_text_table
from avgraph.runs.kept_encoders import RowForm

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def read_rows(files: Sequence[str | Path], like: RowForm) -> tuple[npt.NDArray[Any] | Tensor, list[str] | None]:
    """Rows of all files, one behind the other, and what they are called; None where they are only numbered.

    A recording or a picture is one row, called as its file is; any other file holds rows.

    Args:
        files: recordings (WAV, FLAC, OGG, MP3 or the like), pictures, or references to arrays (see
            `avgraph.io.arrays.read_array`); of a table the columns that the run learned from, by their names, where it
            learned from a table.
        like: what the run was given.

    Raises:
        DataError: if a file cannot be read, or holds other things than the run was given.
    """
    media = [Path(file).suffix.lower() in SOUNDS + PICTURES for file in files]
    if all(media):
        made, called = torch.stack([_one(file, like) for file in files]), called_apart(files)
        _warn(files, called, like)
        return made, called
    if any(media):
        raise DataError(f"{files[media.index(True)]}: expected recordings or pictures alone, or arrays alone")
    if like.columns and all(_is_table(file) for file in files):
        read = [(str(file), read_columns(Path(file))) for file in files]
        found = [named_rows(table, like.columns, lambda name, file=file: f"{file}:{name}") for file, table in read]  # type: ignore[misc]
        names = [name for _, part in found for name in part or ()]
        return np.concatenate([x for x, _ in found]), names if all(part for _, part in found) else None
    parts = [read_array(file) for file in files]
    for file, part in zip(files, parts, strict=True):
        if part.ndim < (1 if like.shape is None else 2):
            raise DataError(f"{file}: expected rows {_shown(like)}, got {part.dtype} {list(part.shape)}")
        if part.shape[1:] != parts[0].shape[1:]:
            raise DataError(f"{file}: expected rows as in {files[0]}, {list(parts[0].shape)}, got {list(part.shape)}")
    rows = np.concatenate(parts)
    if len(parts) > 1 and like.shape is not None:
        return rows, [f"{file} {row}" for file, part in zip(files, parts, strict=True) for row in range(len(part))]
    return rows, None


def called_apart(files: Sequence[str | Path]) -> list[str]:
    """The names of files without their folders, but for those that share one.

    Example:
        >>> called_apart(["a/1.wav", "b/1.wav", "b/2.wav"])
        ['a/1.wav', 'b/1.wav', '2.wav']
    """
    count = Counter(Path(file).name for file in files)
    return [Path(file).name if count[Path(file).name] == 1 else str(file) for file in files]


def _warn(files: Sequence[str | Path], called: Sequence[str], like: RowForm) -> None:
    """Of recordings that hold little, or more than is read."""
    sounds = [(file, name) for file, name in zip(files, called, strict=True) if is_sound(file)]
    if sounds and like.shape:
        seconds = seconds_of(like.shape[1])
        warn_of_sounds([name for _, name in sounds], [sound_facts(file, seconds) for file, _ in sounds], seconds)


def read_pairs(files: Sequence[str | Path]) -> dict[str, list[str]]:
    """Users and items of tables with columns ``user`` and ``item``: ``.csv``, ``.tsv`` or ``.parquet``.

    Raises:
        DataError: if a file cannot be read or lacks a column.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "a.csv").write_text("user,item\\nann,1\\n")
        ...     read_pairs([f"{folder}/a.csv"])
        {'user': ['ann'], 'item': ['1']}
    """
    found: dict[str, list[str]] = {"user": [], "item": []}
    for file in files:
        suffix = Path(file).suffix.lower()
        if suffix not in (".csv", ".tsv", ".parquet"):
            raise DataError(f"{file}: expected a table .csv, .tsv or .parquet with columns user and item")
        table = None
        if suffix != ".parquet":
            table = read_text_table(Path(file), list(found))
        for column, names in found.items():
            names += table.words(column) if table else [str(each) for each in read_array(f"{file}:{column}").tolist()]
    return found


def _is_table(file: str | Path) -> bool:
    path, suffix, key = split_reference(str(file))
    return suffix in ("csv", "tsv", "parquet") and key is None and path.is_file()


def _one(file: str | Path, like: RowForm) -> Tensor:
    """A recording or a picture as the run was given them."""
    shape, wanted = like.shape or [], f"the run was given rows {_shown(like)}"
    if is_sound(file):
        if not like.is_bytes or len(shape) != 2 or shape[0] != BANDS:
            told = "only log-mels can be made of a recording"
            if len(shape) == 2 and shape[0] == BANDS:
                told = "log-mels that are made of a recording are of type uint8, 0 to 255: train on such"
            raise DataError(f"{file}: {wanted}; {told}")
        return log_mel_columns(file, shape[1])
    if not like.is_bytes or len(shape) != 3 or 3 not in (shape[0], shape[2]):
        raise DataError(f"{file}: {wanted}; only pictures of three colours can be made of a picture")
    first = shape[0] == 3
    height, width = shape[1:] if first else shape[:2]
    if height != width:
        raise DataError(f"{file}: {wanted}; a picture is only brought to a square")
    picture = torch.from_numpy(read_picture(file, "RGB", height).copy())
    return picture.permute(2, 0, 1).contiguous() if first else picture


def _shown(like: RowForm) -> str:
    if like.shape is None:
        return "of text [n]"
    return f"[{', '.join(map(str, ['n', *like.shape]))}]{' of type uint8' if like.is_bytes else ''}"
