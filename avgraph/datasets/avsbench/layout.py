"""Where AVSBench keeps what: tables of clips, and the paths of their frames, sounds and masks."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from avgraph.datasets.avsbench.options import Part
from avgraph.datasets.base import DatasetStatus, Root
from avgraph.datasets.locate import locate
from avgraph.errors import DataError, shortened
from avgraph.graph.vocabulary import SPLITS
from avgraph.io.reading import reading

FRAMES = 5  # of a clip, one a second
_FOLDER = {"s4": "Single-source", "ms3": "Multi-sources"}


@dataclass(frozen=True)
class BenchClip:
    """A row of the table; ``category`` is None in MS3."""

    name: str
    split: str
    category: str | None


@dataclass(frozen=True)
class Layout:
    """Paths of one part of AVSBench.

    Attributes:
        part: "s4" or "ms3".
        table: its csv file, such as ``s4_meta_data.csv``.
        data: folder beside it that holds ``visual_frames``, such as ``s4_data``.

    Example:
        >>> Layout("ms3", Path("m.csv"), Path("d")).frame(BenchClip("a", "val", None), 1).as_posix()
        'd/visual_frames/a/a.mp4_1.png'
    """

    part: Part
    table: Path
    data: Path

    def frame(self, clip: BenchClip, number: int) -> Path:
        """Picture ``number``, from 1."""
        if self.part == "ms3":
            return self.data / "visual_frames" / clip.name / f"{clip.name}.mp4_{number}.png"
        return self.data / "visual_frames" / self._own(clip) / clip.name / f"{clip.name}_{number}.png"

    def mask(self, clip: BenchClip, number: int) -> Path:
        """Mask of picture ``number``, from 1."""
        return self.data / "gt_masks" / self._own(clip) / clip.name / f"{clip.name}_{number}.png"

    def sound(self, clip: BenchClip, suffix: str) -> Path:
        """Its sound: a log-mel, or with the suffix ``.wav`` the recording."""
        folder = "audio_wav" if suffix == ".wav" else "audio_log_mel"
        return self.data / folder / self._own(clip) / f"{clip.name}{suffix}"

    def masks(self, clip: BenchClip) -> int:
        """How many of its masks are known: of a training clip of S4 the first."""
        return 1 if self.part == "s4" and clip.split == "train" else FRAMES

    def _own(self, clip: BenchClip) -> Path:
        return Path(clip.split) if clip.category is None else Path(clip.split, clip.category)


def find_layout(folder: Path, part: Part) -> Layout | None:
    """The layout in the published folder, or in the one of its part.

    Example:
        >>> find_layout(Path("/nowhere"), "s4") is None
        True
    """
    for base in (folder / _FOLDER[part], folder):
        table = base / f"{part}_meta_data.csv"
        if table.is_file():
            data = base / f"{part}_data"
            return Layout(part, table, data if data.is_dir() else base)
    return None


def read_clips(layout: Layout) -> Sequence[BenchClip]:
    """The rows of the table: the name in the first column, then by their names ``split`` and in S4 ``category``.

    Raises:
        DataError: naming the line that is wrong.
    """
    path = layout.table
    clips: list[BenchClip] = []
    with reading(path, "csv"), path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        head = [name.strip() for name in next(rows, [])]
        for key in ("split", *(["category"] if layout.part == "s4" else [])):
            if key not in head[1:]:
                raise DataError(f"{path}: no column '{key}' after the first; it has {', '.join(head) or 'none'}")
        for row in rows:
            if not row:
                continue
            where = f"{path}: line {rows.line_num}"
            if len(row) != len(head):
                raise DataError(f"{where}: expected {len(head)} columns, got {len(row)}")
            split = row[head.index("split")].strip()
            category = row[head.index("category")].strip() if layout.part == "s4" else None
            if split not in SPLITS:
                raise DataError(f"{where}: split: expected train, val or test, got {shortened(split, 50)!r}")
            for value in (row[0], *([category] if category is not None else [])):
                if value in ("", ".", "..") or "/" in value or "\\" in value or "\0" in value:
                    raise DataError(f"{where}: expected a plain name, got {shortened(value, 50)!r}")
            clips.append(BenchClip(row[0], split, category))
    if not any(clip.split == "train" for clip in clips):
        raise DataError(f"{path}: expected training clips, got none")
    names = [(clip.split, clip.category, clip.name) for clip in clips]
    if len(set(names)) < len(names):
        twice = next(name for row, name in enumerate(names) if name in names[:row])
        raise DataError(f"{path}: clip {twice[-1]!r} is listed twice")
    return clips


def describe_avsbench(part: Part, root: Root, what: str) -> DatasetStatus:
    """What there is of a part of AVSBench."""
    name = f"avsbench_{part}"
    located = locate(["avsbench"], root, lambda folder: find_layout(folder, part) is not None)
    layout = None if located.folder is None else find_layout(located.folder, part)
    if layout is None:
        note = f"expected {part}_meta_data.csv beside {part}_data/; its authors give it away"
        return DatasetStatus(name, what, "missing", looked=located.looked, note=note)
    clips = read_clips(layout)
    counts = ", ".join(f"{sum(clip.split == split for clip in clips)} {split}" for split in ("train", "val", "test"))
    categories = {clip.category for clip in clips if clip.category is not None}
    return DatasetStatus(
        name,
        what,
        "real",
        located.folder,
        located.looked,
        layout.table.name,
        clips=len(clips),
        classes=len(categories),
        note=counts,
    )
