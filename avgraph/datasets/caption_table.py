"""Tables of recordings and their captions, as AudioCaps and Clotho are passed on, checked row by row.

One row per recording with ``caption_1``, ``caption_2``, …, or one row per caption with ``caption``, where a recording
may have several rows; ``file_name`` names the recording.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from avgraph.errors import DataError, shortened
from avgraph.io.reading import reading

FILE = "file_name"


@dataclass(frozen=True)
class Captioned:
    """A recording, the line of the table it is first on, and what is said of it."""

    line: int
    file_name: str
    captions: tuple[str, ...]


def read_captions(path: str | Path) -> list[Captioned]:
    """The recordings of a table in the order of its rows.

    Raises:
        DataError: naming the file and the line, if a column is missing or a value is empty or no file name.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     table = Path(folder) / "train.csv"
        ...     _ = table.write_text("file_name,caption\\na.wav,rain\\nb.wav,a dog\\na.wav,it pours\\n")
        ...     [(one.file_name, one.captions) for one in read_captions(table)]
        [('a.wav', ('rain', 'it pours')), ('b.wav', ('a dog',))]
    """
    path = Path(path)
    found: dict[str, tuple[int, list[str]]] = {}
    with reading(path, "table"), open(path, newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        columns = _columns(path, rows.fieldnames or ())
        for row in rows:
            where = f"{path}:{rows.line_num}"
            name = _file_name(where, row[FILE])
            found.setdefault(name, (rows.line_num, []))[1].extend(_caption(where, key, row[key]) for key in columns)
    if not found:
        raise DataError(f"{path}: holds no recordings")
    return [Captioned(line, name, tuple(captions)) for name, (line, captions) in found.items()]


def _columns(path: Path, fields: Sequence[str]) -> list[str]:
    columns = [name for name in fields if name == "caption" or name.startswith("caption_")]
    if FILE not in fields or not columns:
        missing = FILE if FILE not in fields else "caption"
        expected = "file_name and caption, or file_name and caption_1, caption_2, …"
        raise DataError(
            f"{path}:1: column {missing!r} is missing; expected {expected}, got {shortened(', '.join(fields))}"
        )
    return columns


def _file_name(where: str, value: str | None) -> str:
    name = (value or "").strip()
    if not name or PurePath(name).name != name or "\\" in name:
        raise DataError(f"{where}: file_name: expected the name of a file without folders, got {shortened(name)!r}")
    return name


def _caption(where: str, key: str, value: str | None) -> str:
    caption = (value or "").strip()
    if not caption:
        raise DataError(f"{where}: {key} is empty")
    return caption
