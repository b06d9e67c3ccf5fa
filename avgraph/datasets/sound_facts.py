"""How long recordings are and how loud: what a user would rather know before a model has learned from them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avgraph.datasets.audio import SAMPLE_RATE, decoded
from avgraph.errors import DataError, first_few
from avgraph.io.cache import cache_folder, kept
from avgraph.io.files_read import sha256_listing
from avgraph.io.npz import read_npz
from avgraph.io.writing import writing
from avgraph.runtime.progress import progress

logger = logging.getLogger(__name__)

SHORT = 0.5  # seconds
SILENT = 1e-4  # of full scale, -80 dB: three steps of 16 bits
_SPARE = 0.1  # seconds beyond those read that are not worth a word
_NAMED = 3


@dataclass(frozen=True)
class SoundFacts:
    """A recording.

    Attributes:
        seconds: how long it is.
        peak: largest sample of the part that is read, its channels averaged; 1 is full scale.
    """

    seconds: float
    peak: float


def sound_facts(path: str | Path, seconds: float) -> SoundFacts:
    """Look at a recording of which ``seconds`` are read.

    Raises:
        DataError: as `avgraph.datasets.audio.read_audio`.
    """
    mono, rate, length = decoded(path, seconds)
    return SoundFacts(length, float(np.abs(mono[: round(rate * seconds)]).max()))


def cached_facts(
    files: Sequence[Path], checksums: Sequence[str], seconds: float, at: Callable[[int], str]
) -> list[SoundFacts]:
    """Those of many recordings, looked at once and kept in the user's cache by content.

    Args:
        files: the recordings.
        checksums: the SHA-256 of each.
        seconds: that are read of each.
        at: row → what stands before a message about it.

    Raises:
        DataError: naming the recording that cannot be used.
    """
    key = sha256_listing({f"{row:08d}": checksum for row, checksum in enumerate(checksums)})

    def read(path: Path) -> list[SoundFacts]:
        found = read_npz(path, ["seconds", "peak"])
        if any(array.shape != (len(files),) or array.dtype != np.float64 for array in found.values()):
            raise DataError(f"expected float64 [{len(files)}]")
        return [SoundFacts(*each) for each in zip(found["seconds"].tolist(), found["peak"].tolist(), strict=True)]

    def write(path: Path) -> None:
        made = []
        for row, file in enumerate(progress(files, "recordings")):
            try:
                made.append(sound_facts(file, seconds))
            except DataError as error:
                raise DataError(f"{at(row)}{error}") from None
        with writing(path) as target:
            np.savez(target, seconds=np.array([one.seconds for one in made], np.float64),
                     peak=np.array([one.peak for one in made], np.float64))  # fmt: skip

    return kept(cache_folder("logmel") / f"{key}-facts-{round(SAMPLE_RATE * seconds)}-v1.npz", read, write)


def warn_of_sounds(names: Sequence[str], facts: Sequence[SoundFacts], seconds: float) -> None:
    """Say in a line each which recordings are silent, too short to tell, or longer than what is read.

    Args:
        names: of the recordings.
        facts: of each.
        seconds: that are read.
    """
    told = {
        f"silent in the {seconds:g} s that are read": [one.peak < SILENT for one in facts],
        "shorter than half a second": [one.seconds < SHORT for one in facts],
        f"longer than the {seconds:g} s that are read: their rest is not heard": [
            one.seconds > seconds + _SPARE for one in facts
        ],
    }
    for what, which in told.items():
        if any(which):
            first = first_few([name for name, so in zip(names, which, strict=True) if so], _NAMED)
            logger.warning("%d of %d recordings are %s (%s)", sum(which), len(names), what, first)
