"""The table of ESC clips (``esc50.csv``): one row per clip with its fold, class and recording, checked row by row."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from avgraph.errors import DataError, shortened
from avgraph.io.reading import reading

# fold-recording-take-target.extension; the take is a letter.
CLIP_NAME = re.compile(r"(?P<fold>\d+)-(?P<source>\d+)-(?P<take>[A-Za-z]+)-(?P<target>\d+)\.(wav|ogg|flac)")
_MOST_DIGITS = 18
COLUMNS = ("filename", "fold", "target", "category")


@dataclass(frozen=True)
class EscClip:
    """One row: ``line`` is its line in the csv file, ``name`` the file name without its ending."""

    line: int
    filename: str
    name: str
    fold: int
    target: int
    category: str
    source_file: str
    esc10: bool | None


@dataclass(frozen=True)
class EscTable:
    """Clips with targets 0 … C-1 and the C class names in that order."""

    path: Path
    clips: tuple[EscClip, ...]
    classes: tuple[str, ...]
    targets: tuple[int, ...]

    @property
    def has_esc10(self) -> bool:
        """Whether the table says which clips belong to ESC-10."""
        return all(clip.esc10 is not None for clip in self.clips)


def class_name(category: str) -> str:
    """A category as a phrase.

    Example:
        >>> class_name("crackling_fire")
        'crackling fire'
    """
    return category.replace("_", " ")


def read_table(path: str | Path, *, only_esc10: bool = False) -> EscTable:
    """Read a table with the columns filename, fold, target, category and, in the full ESC-50, esc10.

    Args:
        path: the csv file.
        only_esc10: keep the clips whose column ``esc10`` is True; classes are numbered anew in the order of their
            ESC-50 targets.

    Raises:
        DataError: naming the file and the line, if a column or value is missing or wrong.
    """
    path = Path(path)
    with reading(path, "table"), open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise DataError(f"{path}:1: column {missing[0]!r} is missing; expected {', '.join(COLUMNS)}")
        clips = [_clip(path, rows.line_num, row) for row in rows]
    if only_esc10:
        if clip := next((clip for clip in clips if clip.esc10 is None), None):
            raise DataError(f"{path}:{clip.line}: column 'esc10' is missing; it says which clips belong to ESC-10")
        clips = [clip for clip in clips if clip.esc10]
    if not clips:
        raise DataError(f"{path}: holds no clips")
    _check_unique(path, clips)
    names = _class_names(path, clips)
    if not only_esc10 and (absent := sorted(set(range(max(names))) - names.keys())):
        raise DataError(f"{path}: targets must run from 0 without gaps, but none is {absent[0]}")
    order = {target: index for index, target in enumerate(sorted(names))}
    return EscTable(
        path=path,
        clips=tuple(clips),
        classes=tuple(names[target] for target in sorted(names)),
        targets=tuple(order[clip.target] for clip in clips),
    )


def _clip(path: Path, line: int, row: dict[str, str | None]) -> EscClip:
    where = f"{path}:{line}"
    filename = row["filename"] or ""
    match = CLIP_NAME.fullmatch(filename)
    if match is None:
        raise DataError(f"{where}: filename: expected fold-recording-take-target.wav, got {shortened(filename)!r}")
    fold = _integer(where, "fold", row["fold"])
    target = _integer(where, "target", row["target"])
    if not 1 <= fold <= 5:
        raise DataError(f"{where}: fold: expected 1 to 5, got {fold}")
    for column, value in (("fold", fold), ("target", target)):
        if int(match[column]) != value:
            raise DataError(f"{where}: {column}: {value}, but the file name {filename!r} says {match[column]}")
    category = (row["category"] or "").strip()
    if not category:
        raise DataError(f"{where}: category is empty")
    esc10 = row.get("esc10")
    if esc10 is not None and esc10.lower() not in ("true", "false"):
        raise DataError(f"{where}: esc10: expected True or False, got {shortened(esc10)!r}")
    return EscClip(
        line=line,
        filename=filename,
        name=filename.rsplit(".", 1)[0],
        fold=fold,
        target=target,
        category=class_name(category),
        source_file=match["source"],
        esc10=None if esc10 is None else esc10.lower() == "true",
    )


def _integer(where: str, column: str, value: str | None) -> int:
    if value is None or not value.strip().isdecimal() or len(value) > _MOST_DIGITS:
        got = value if value is None else shortened(value)
        raise DataError(f"{where}: {column}: expected a number, got {got!r}")
    return int(value)


def _check_unique(path: Path, clips: list[EscClip]) -> None:
    first: dict[str, int] = {}
    for clip in clips:
        if clip.name in first:
            raise DataError(f"{path}:{clip.line}: {clip.name!r} is already on line {first[clip.name]}")
        first[clip.name] = clip.line


def _class_names(path: Path, clips: list[EscClip]) -> dict[int, str]:
    names: dict[int, str] = {}
    targets: dict[str, int] = {}
    for clip in clips:
        if names.setdefault(clip.target, clip.category) != clip.category:
            other = names[clip.target]
            raise DataError(f"{path}:{clip.line}: target {clip.target} is {clip.category!r}, but {other!r} above")
        if targets.setdefault(clip.category, clip.target) != clip.target:
            first = targets[clip.category]
            raise DataError(f"{path}:{clip.line}: {clip.category!r} is target {clip.target}, but {first} above")
    return names
