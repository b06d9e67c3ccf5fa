"""A folder of stamps: prepared (``pictures.npz``, ``stamps.csv``) or as ``tuxpaint-stamps-default`` installs it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from avgraph.datasets.base import DatasetStatus, Root
from avgraph.datasets.locate import Located, locate
from avgraph.datasets.stamps.esc50_classes import STAMPS_OF_CLASS
from avgraph.errors import DataError
from avgraph.io.files_read import checksums
from avgraph.io.npz import read_npz
from avgraph.io.pictures import read_picture
from avgraph.io.reading import reading
from avgraph.runtime.progress import progress

PICTURES, TABLE = "pictures.npz", "stamps.csv"
INSTALLED = Path("/usr/share/tuxpaint/stamps")
PACKAGE = "tuxpaint-stamps-default"
SIDE = 128
# The program makes these two of a stamp by itself; some stamps bring them along.
_TURNED = re.compile(r"_(mirror|flip|mirror_flip|mirrorflip)$")
_SOUNDS = (".ogg", ".wav")


@dataclass(frozen=True)
class StampFolder:
    """Stamps: pictures, names, and the file of the sound that some of them make."""

    picture: UInt8[np.ndarray, "n 128 128 4"]
    name: Sequence[str]
    sound: Mapping[str, Path]
    files: Mapping[str, str]


def locate_stamps(root: str | Path | None) -> Located:
    """Find the folder of stamps; without ``root`` also where the Debian package puts it.

    Raises:
        DataError: if ``root`` is given and is no folder.
    """
    located = locate(["stamps"], root, holds_stamps)
    if located.folder is not None or root is not None:
        return located
    return Located(INSTALLED if holds_stamps(INSTALLED) else None, (*located.looked, INSTALLED))


def holds_stamps(folder: Path) -> bool:
    """Whether a folder has stamps in one of the two layouts."""
    return (folder / PICTURES).is_file() or (folder.is_dir() and next(_png_files(folder), None) is not None)


def read_stamps(folder: Path) -> StampFolder:
    """Read all stamps of a folder.

    Raises:
        DataError: naming the file that is missing or damaged.
    """
    return _prepared(folder) if (folder / PICTURES).is_file() else _installed(folder)


def stamp_sounds(folder: Path) -> dict[str, Path | None]:
    """Name of every stamp → the file of its sound, where it has one; no picture is read.

    Raises:
        DataError: as `read_stamps`.
    """
    if (folder / PICTURES).is_file():
        names = [str(text) for text in read_npz(folder / PICTURES, ["name"])["name"].reshape(-1)]
        sounds = _sounds_of_table(folder, names)
    else:
        paths = sorted(_png_files(folder))
        names, sounds = _names(folder, paths), _sounds_beside(folder, paths)
    return {name: sounds.get(name) for name in names}


def _prepared(folder: Path) -> StampFolder:
    path = folder / PICTURES
    part = read_npz(path, ["rgba", "name"])
    picture, name = part["rgba"], [str(text) for text in part["name"].reshape(-1)]
    if picture.dtype != np.uint8 or picture.shape != (len(name), SIDE, SIDE, 4):
        expected = f"uint8 [{len(name)}, {SIDE}, {SIDE}, 4], one a name"
        raise DataError(f"{path}: rgba: expected {expected}, got {picture.dtype} {list(picture.shape)}")
    if len(set(name)) < len(name):
        raise DataError(f"{path}: name: expected every name once")
    table = folder / TABLE
    files = checksums([path, *([table] if table.is_file() else [])])
    return StampFolder(picture, name, _sounds_of_table(folder, name), files)


def _sounds_of_table(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """Name → file, as a prepared folder has it."""
    table, known = folder / TABLE, set(names)
    if not table.is_file():
        return {}
    with reading(table, "csv"), table.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        for key in ("name", "effect"):
            if key not in (rows.fieldnames or ()):
                raise DataError(f"{table}: no column '{key}'; it has {', '.join(rows.fieldnames or ()) or 'none'}")
        return {row["name"]: folder / row["effect"] for row in rows if row["effect"] and row["name"] in known}


def _installed(folder: Path) -> StampFolder:
    paths = sorted(_png_files(folder))
    picture = np.empty((len(paths), SIDE, SIDE, 4), np.uint8)
    for row, path in enumerate(progress(paths, "stamps")):
        picture[row] = _fitted(read_picture(path, "RGBA"))
    return StampFolder(picture, _names(folder, paths), _sounds_beside(folder, paths), checksums(paths))


def _names(folder: Path, paths: Sequence[Path]) -> list[str]:
    """Names of the stamps of an installed folder."""
    return [path.relative_to(folder).with_suffix("").as_posix() for path in paths]


def _sounds_beside(folder: Path, paths: Sequence[Path]) -> dict[str, Path]:
    """Name → file, which an installed folder has beside the picture."""
    found = {
        name: next((other for end in _SOUNDS if (other := path.with_suffix(end)).is_file()), None)
        for name, path in zip(_names(folder, paths), paths, strict=True)
    }
    return {name: file for name, file in found.items() if file is not None}


def _png_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.png") if path.is_file() and not _TURNED.search(path.stem))


def _fitted(picture: UInt8[np.ndarray, "h w 4"]) -> UInt8[np.ndarray, "128 128 4"]:
    """A picture in the middle of a square, its longer side the square's."""
    from PIL import Image

    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    small = Image.fromarray(picture).resize(
        (max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX
    )
    square = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    square.paste(small, ((SIDE - small.width) // 2, (SIDE - small.height) // 2))
    return np.asarray(square, dtype=np.uint8)


def describe_stamps(root: Root, what: str) -> DatasetStatus:
    """What there is of `Stamps`."""
    located = locate_stamps(root)
    if located.folder is None:
        note = f"expected {PICTURES}, or what the Debian package {PACKAGE} installs"
        return DatasetStatus("stamps", what, "missing", looked=located.looked, note=note)
    there = stamp_sounds(located.folder)
    own = f"{sum(sound is not None for sound in there.values())} stamps have a sound of their own"
    return DatasetStatus(
        "stamps",
        what,
        "real",
        located.folder,
        located.looked,
        PICTURES if (located.folder / PICTURES).is_file() else "as installed",
        unit="pictures",
        clips=len(there),
        classes=sum(not there.keys().isdisjoint(names) for names in STAMPS_OF_CLASS.values()),
        note=f"classes of ESC-50 that they show; {own}; clips are composed when they are loaded",
    )
