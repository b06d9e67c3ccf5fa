"""Where the tables and the recordings of a captioned set are, and which recording belongs to which row.

=========================  ====================================================================================
recordings                 ``ROOT/<split>/*.wav`` or, all splits together, ``ROOT/*.wav``; also ``.flac``, ``.ogg``
tables                     one per split, in ``captions``, in ROOT or in ``$AVGRAPH_DATA/captions``
=========================  ====================================================================================
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from avgraph.errors import DataError, shortened
from avgraph.graph.vocabulary import SPLITS
from avgraph.io.reading import reading

_ENDINGS = (".wav", ".flac", ".ogg")


@dataclass(frozen=True)
class CaptionLayout:
    """Names that a set goes by: split → names of its table and of its folder, the usual one first."""

    dataset: str
    tables: Mapping[str, Sequence[str]]
    folders: Mapping[str, Sequence[str]]
    homepage: str


@dataclass(frozen=True)
class Recording:
    """A row of a table and the file it names."""

    split: str
    path: Path
    row: Captioned


def find_tables(layout: CaptionLayout, root: Path, captions: Path | None) -> dict[str, Path]:
    """Split → its table, from the first folder that has them all.

    Raises:
        DataError: naming the folders that were looked at and what the first of them lacks.
    """
    shared = os.environ.get("AVGRAPH_DATA")
    looked = [captions] if captions else [root, *([Path(shared).expanduser() / "captions"] if shared else [])]
    missing = ""
    for folder in looked:
        names = [(split, name) for split in SPLITS for name in reversed(layout.tables[split])]
        tables = {split: folder / name for split, name in names if (folder / name).is_file()}
        if len(tables) == len(SPLITS):
            return tables
        missing = missing or next(" or ".join(layout.tables[split]) for split in SPLITS if split not in tables)
    where = ", ".join(map(str, looked))
    raise DataError(f"{layout.dataset}: no {missing} in {where}; set dataset.captions ({layout.homepage})")


def find_recordings(
    layout: CaptionLayout, root: Path, tables: Mapping[str, Path], *, drop_missing: bool
) -> tuple[list[Recording], dict[str, int]]:
    """The recordings in the order of the tables, and how many of each split are not there.

    Raises:
        DataError: naming the row whose recording is missing, lies in the folder of another split or is in the tables
            of two; or the split of which nothing is there.
    """
    folders = {split: _folder(root, layout.folders[split]) for split in SPLITS}
    found: list[Recording] = []
    absent = dict.fromkeys(SPLITS, 0)
    owner: dict[Path, str] = {}
    for split in SPLITS:
        rows = read_captions(tables[split])
        for row in rows:
            where = f"{tables[split]}:{row.line}"
            path = _recording(folders[split], row.file_name)
            if path is None:
                for other in SPLITS:
                    if folders[other] != folders[split] and _recording(folders[other], row.file_name):
                        raise DataError(f"{where}: {row.file_name!r} is of {split}, but lies in {folders[other]}")
                absent[split] += 1
                if not drop_missing:
                    count = sum(_recording(folders[split], other.file_name) is None for other in rows)
                    text = f"{row.file_name!r} is not in {folders[split]} ({count} of {len(rows)} are missing)"
                    raise DataError(f"{where}: {text}; dataset.on_missing_audio: drop leaves such rows out")
            elif path in owner:
                text = f"{row.file_name!r} is in {owner[path]} too; give every split its folder"
                raise DataError(f"{where}: {text}: {', '.join(layout.folders[s][0] for s in SPLITS)}")
            else:
                owner[path] = f"{tables[split].name}:{row.line}"
                found.append(Recording(split, path, row))
        if len(rows) == absent[split]:
            raise DataError(f"{layout.dataset}: none of the {len(rows)} recordings of {split} is in {folders[split]}")
    return found, absent


def _folder(root: Path, names: Sequence[str]) -> Path:
    return next((root / name for name in names if (root / name).is_dir()), root)


def _recording(folder: Path, file_name: str) -> Path | None:
    path = folder / file_name
    return next((p for p in (path, *(path.with_suffix(end) for end in _ENDINGS)) if p.is_file()), None)


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
