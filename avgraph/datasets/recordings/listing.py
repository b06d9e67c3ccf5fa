"""Which recordings there are and of which class: of folders, or of a table. No torch."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from avgraph.datasets.base import DatasetStatus, check_root
from avgraph.errors import DataError, did_you_mean, first_few, shortened
from avgraph.graph.vocabulary import SPLITS
from avgraph.io.headers import check_file
from avgraph.io.sound_files import SOUNDS, is_sound

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float32

    from avgraph.io.text_table import TextTable

TABLES = (".csv", ".tsv")
NEEDED = ("file", "class")
OPTIONAL = ("fold", "split", "recording", "name")
_SIDE = re.compile(r"(train|val|test|dev|eval|fold)(ing|id|idation|uation|elopment)?[ _-]?\d*", re.IGNORECASE)
_MOST_DIGITS, _NAMED = 9, 6


@dataclass(frozen=True)
class Listing:
    """Recordings, a value of each in every list.

    Attributes:
        root: the folder that they are in.
        files: as paths.
        names: what they are called; they differ.
        categories: names of their classes.
        sources: what each was cut from; empty where nobody says it.
        folds: empty where there are none.
        splits: train, val or test; empty where nobody says it.
        table: that lists them; None for folders.
        left_out: files in the folders that are no sounds, or of no class.
    """

    root: Path
    files: Sequence[Path]
    names: Sequence[str]
    categories: Sequence[str]
    sources: Sequence[str] = ()
    folds: Sequence[int] = ()
    splits: Sequence[str] = ()
    table: TextTable | None = None
    left_out: Sequence[str] = ()

    @property
    def called(self) -> str:
        """What lists them, for messages."""
        return str(self.root if self.table is None else self.table.path)

    def at(self, row: int) -> str:
        """Before a message about a recording: the line of the table that names it."""
        return "" if self.table is None else f"{self.table.where(row)}: "


def list_recordings(root: str | Path, table: str | None) -> Listing:
    """The recordings below a folder.

    Args:
        root: the folder.
        table: in it, that lists them; None takes the folders for classes.

    Raises:
        DataError: if there is none, a file is missing, a class is empty, or there is but one.
    """
    check_root(root)
    folder = Path(root).expanduser()
    found = _of_folders(folder) if table is None else _of_table(folder, folder / Path(table).expanduser())
    if len(classes := sorted(set(found.categories))) < 2:
        raise DataError(f"{found.called}: expected recordings of at least 2 classes, got 1, {classes[0]!r}")
    return found


def _of_folders(root: Path) -> Listing:
    folders = sorted((path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")), key=str)
    by_class = {folder.name: _files_below(folder) for folder in folders}
    loose = sorted(path.name for path in root.iterdir() if path.is_file() and is_sound(path))
    if folders and all(_SIDE.fullmatch(name) for name in by_class):
        told = f"its folders are called {first_few(list(by_class))}, as splits or folds are, not classes"
        raise DataError(f"{root}: {told}; list the recordings in a table with the columns file, class and split")
    sounds = [(path, name) for name, paths in by_class.items() for path in paths if is_sound(path)]
    others = [path for paths in by_class.values() for path in paths if not is_sound(path)]
    if not sounds:
        told = f"it has {first_few(loose, 3)} without a class" if loose else _instead(root, others)
        expected = "expected a folder for each class with its recordings, or a dataset.table with their classes"
        raise DataError(f"{root}: no recording in a folder of a class{'; ' if told else ''}{told}; {expected}")
    if empty := [name for name in by_class if not any(map(is_sound, by_class[name]))]:
        told = _instead(root, by_class[empty[0]]) or "remove it, or name the recordings in a dataset.table"
        raise DataError(f"{root / empty[0]}: no recording of this class; {told}")
    names = [path.relative_to(root).as_posix() for path, _ in sounds]
    left_out = [*loose, *(path.relative_to(root).as_posix() for path in others)]
    return Listing(root, [path for path, _ in sounds], names, [name for _, name in sounds], left_out=left_out)


def _files_below(folder: Path) -> list[Path]:
    """All files in it, at any depth; what begins with a dot is hidden."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in files if not name.startswith(".")]
    return sorted(found, key=lambda path: path.as_posix())


def _instead(root: Path, others: Sequence[Path]) -> str:
    """Which files there are that are no sounds."""
    if not others:
        return ""
    there = first_few([path.relative_to(root).as_posix() for path in others], 3)
    return f"it has {there}; sounds end in {', '.join(SOUNDS[:_NAMED])} or the like"


def _of_table(root: Path, path: Path) -> Listing:
    from avgraph.io.table_reader import read_text_table

    if path.suffix.lower() not in TABLES:
        raise DataError(f"{path}: expected a table, {' or '.join(TABLES)}")
    check_file(path)
    table = read_text_table(path, NEEDED)
    columns = {name: table.words(name) for name in (*NEEDED, *OPTIONAL) if name in table.names()}
    for lacking in (name for name in OPTIONAL if name not in columns):
        near = next((name for name in table.names() if name.lower().rstrip("s") == lacking), None)
        if near is not None:
            raise DataError(f"{path}:1: column {near!r}: did you mean {lacking!r}?")
    for name, words in columns.items():
        if "" in words:
            raise DataError(f"{table.where(words.index(''))}: {name} is empty")
    names = columns.get("name", columns["file"])
    for name in dict.fromkeys(("file", "name" if "name" in columns else "file")):
        _check_once(table, name, columns[name])
    files = [root / file for file in columns["file"]]
    for row, file in enumerate(files):
        try:
            check_file(file)
        except DataError as error:
            raise DataError(f"{table.where(row)}: file: {error}") from None
    return Listing(
        root, files, names, columns["class"], columns.get("recording", ()), _folds(table, columns.get("fold", ())),
        _splits(table, columns.get("split", ())), table,
    )  # fmt: skip


def _check_once(table: TextTable, column: str, words: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for row, word in enumerate(words):
        if (before := first.setdefault(word, row)) != row:
            raise DataError(f"{table.where(row)}: {column} {shortened(word)!r} is on line {table.line(before)} already")


def _folds(table: TextTable, words: Sequence[str]) -> list[int]:
    for row, word in enumerate(words):
        if not (word.isascii() and word.isdecimal() and len(word) <= _MOST_DIGITS):
            raise DataError(f"{table.where(row)}: fold: expected a whole number from 0, got {shortened(word)!r}")
    return [int(word) for word in words]


def _splits(table: TextTable, words: Sequence[str]) -> Sequence[str]:
    for row, word in enumerate(words):
        if word not in SPLITS:
            near = did_you_mean(word, SPLITS) or ("did you mean 'val'?" if word.lower().startswith("val") else "")
            told = f"expected train, val or test, got {shortened(word)!r}"
            raise DataError(f"{table.where(row)}: split: {told}{'; ' if near else ''}{near}")
    return words


def check_no_class_folders(dataset: str, root: str | Path | None) -> None:
    """Refuse a folder of somebody's own recordings, given to a published set.

    Raises:
        DataError: naming the type of data set that reads it.
    """
    if root is None:
        return
    try:
        found = list_recordings(root, None)
    except (DataError, OSError):
        return
    classes = first_few(list(dict.fromkeys(found.categories)), 3)
    told = f"it has folders of recordings of your own ({classes})"
    raise DataError(f"{dataset}: {root} is not this set; {told}: read them by dataset.type: recordings")


def heard(
    root: str | Path, table: str | None, names: Sequence[str], seconds: float
) -> dict[str, tuple[Float32[np.ndarray, " samples"], int]]:
    """Recordings by name, with their samples a second: those that are there and can be read.

    Example:
        >>> heard("/nowhere", None, ["dog/a.wav"], 5)
        {}
    """
    from avgraph.datasets.audio import SAMPLE_RATE, read_audio

    found = {}
    try:
        listed = list_recordings(root, table)
        files = dict(zip(listed.names, listed.files, strict=True))
        for name in names:
            if name in files:
                found[name] = (read_audio(files[name], seconds), SAMPLE_RATE)
    except (DataError, OSError):  # they are not what they were
        return found
    return found


def describe_folder(root: str | Path | None, name: str, what: str) -> DatasetStatus:
    """What the folders of ``root`` hold; without a root, or where a table is needed, a note.

    Raises:
        DataError: if ``root`` is no folder.

    Example:
        >>> describe_folder(None, "recordings", "").note
        'its folder and its table are options of the experiment'
    """
    if root is None:
        return DatasetStatus(name, what, "yours", note="its folder and its table are options of the experiment")
    check_root(root)
    try:
        found = list_recordings(root, None)
    except DataError as error:
        return DatasetStatus(name, what, "yours", Path(root), layout="no folders of classes", note=str(error))
    count = Counter(found.categories)
    note = ", ".join(f"{category}: {many}" for category, many in list(count.items())[:20])
    return DatasetStatus(
        name, what, "yours", Path(root), layout="a folder for each class", unit="recordings", clips=len(found.files),
        classes=len(count), note=note + (", …" if len(count) > 20 else ""),
    )  # fmt: skip
