"""The folder of ESC-50 or ESC-10: where it is, what it holds, and how it is downloaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch

from avgraph.datasets.base import DatasetStatus
from avgraph.datasets.esc.layout import RECONSTRUCTED, find_layout
from avgraph.datasets.esc.table import read_table
from avgraph.datasets.fetched import fetched
from avgraph.datasets.leakage import find_leakage
from avgraph.datasets.locate import Located, locate
from avgraph.io.download import download
from avgraph.io.zip_archive import extract_zip
from avgraph.runtime.progress import counted

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float32

EscName = Literal["esc50", "esc10"]

# One commit, since the archive of a branch changes with it. GitHub publishes no checksum of its archives: this one
# (645,832,161 bytes) is what several independent projects on GitHub pin for this commit.
COMMIT = "33c8ce9eb2cf0b1c2f8bcf322eb349b6be34dbb6"
ARCHIVE = f"https://codeload.github.com/karolpiczak/ESC-50/zip/{COMMIT}"
ARCHIVE_CHECKSUM = "sha256:661183a6f53ef04f12c9bd618fed0ddc1713280d6c94a5a5431e844ba6f6a21f"
HOMEPAGE = "https://github.com/karolpiczak/ESC-50"


def locate_esc(dataset: EscName, root: str | Path | None) -> Located:
    """Find the folder of ESC-50 or ESC-10; ESC-10 may also lie inside a full ESC-50.

    Raises:
        DataError: if ``root`` is given and is no folder.
    """
    folders = ("esc50",) if dataset == "esc50" else ("esc10", "esc50")
    return locate(folders, root, lambda folder: find_layout(folder, dataset) is not None)


def recordings(
    dataset: EscName, root: str | Path | None, names: Sequence[str]
) -> dict[str, tuple[Float32[np.ndarray, " samples"], int]]:
    """Clips by name, with their samples a second; none where the folder has log-mels alone.

    Raises:
        DataError: if the file is no sound.

    Example:
        >>> recordings("esc10", None, ["../1-100032-A-0"])
        {}
    """
    from avgraph.datasets.audio import SAMPLE_RATE, read_audio

    folder = locate_esc(dataset, root).folder
    layout = None if folder is None else find_layout(folder, dataset)
    if layout is None or layout.kind != "audio":
        return {}
    files = {path.stem: path for path in layout.clips.iterdir()}  # names come from a graph, which may be anybody's
    return {name: (read_audio(files[name]), SAMPLE_RATE) for name in names if name in files}


def folds_there(dataset: EscName, root: str | Path | None) -> tuple[int, ...]:
    """The folds that there are clips of; none without a folder.

    Raises:
        DataError: if the table there is wrong.
    """
    folder = locate_esc(dataset, root).folder
    layout = None if folder is None else find_layout(folder, dataset)
    if layout is None:
        return ()
    clips = read_table(layout.table, only_esc10=layout.only_esc10).clips
    return tuple(sorted({clip.fold for clip in clips}))


def fetch_esc() -> Path | None:
    """Download and unpack ESC-50 (about 650 MB) into the user's cache; None when ``AVGRAPH_OFFLINE`` is set.

    Raises:
        DataError: if the download fails or its checksum differs.
    """
    return fetched("esc50", ARCHIVE, lambda folder: folder.is_dir() and find_layout(folder, "esc50") is not None, _fill)


def _fill(folder: Path) -> None:
    archive = download(ARCHIVE, folder.with_name("ESC-50.zip"), ARCHIVE_CHECKSUM)
    assert archive is not None
    with counted(None, "unpacking ESC-50"):
        extract_zip(archive, folder, strip=1)
    archive.unlink()


def describe_esc(dataset: EscName, located: Located, name: str, what: str) -> DatasetStatus:
    """What there is of it, without reading any audio.

    Args:
        dataset: whose clips.
        located: where it was looked for.
        name: of the data set that is described.
        what: it is.

    Raises:
        DataError: if the table there is wrong.
    """
    layout = None if located.folder is None else find_layout(located.folder, dataset)
    if layout is None:
        note = f"`avgraph data fetch {name}` downloads ESC-50, which holds ESC-10 too (about 650 MB, {HOMEPAGE})"
        return DatasetStatus(name, what, "missing", looked=located.looked, note=note)
    table = read_table(layout.table, only_esc10=layout.only_esc10)
    folds = torch.tensor([clip.fold for clip in table.clips])
    sources, names = [clip.source_file for clip in table.clips], [clip.name for clip in table.clips]
    counts = Counter(folds.tolist())
    return DatasetStatus(
        name,
        what,
        "real",
        folder=located.folder,
        looked=located.looked,
        layout=layout.kind,
        clips=len(table.clips),
        classes=len(table.classes),
        folds={fold: counts[fold] for fold in sorted(counts)},
        leakage={fold: leaks for fold in sorted(counts) if (leaks := find_leakage(sources, names, folds == fold))},
        note=RECONSTRUCTED if layout.kind == "pictures" else "",
    )
