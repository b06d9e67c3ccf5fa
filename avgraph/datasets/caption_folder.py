"""Where the tables and the recordings of a captioned set are, and which recording belongs to which row.

=========================  ====================================================================================
recordings                 ``ROOT/<split>/*.wav`` or, all splits together, ``ROOT/*.wav``; also ``.flac``, ``.ogg``
tables                     one per split, in ``captions``, in ROOT or in ``$AVGRAPH_DATA/captions``
=========================  ====================================================================================
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from avgraph.datasets.caption_table import Captioned, read_captions
from avgraph.errors import DataError

SPLITS = ("train", "val", "test")
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
