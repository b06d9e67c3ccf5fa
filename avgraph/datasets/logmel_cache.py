"""Log-mel pictures of a list of recordings, computed once and kept in the user's cache by content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from avgraph.datasets.audio import BANDS, SAMPLE_RATE, SECONDS, frames_of, log_mel_picture
from avgraph.errors import DataError
from avgraph.io.cache import cache_folder, kept
from avgraph.io.files_read import sha256_listing
from avgraph.io.npz import read_npz
from avgraph.io.writing import writing
from avgraph.runtime.progress import progress

# Changes when log_mel_picture computes something else, so that an old cache is never taken for a new one.
RECIPE = "slaney-128-top80-{samples}-v1"


def cached_log_mels(
    files: Sequence[Path], checksums: Sequence[str], *, seconds: float = SECONDS, cache: Path | None = None
) -> UInt8[Tensor, "n 128 frames"]:
    """Pictures of ``files``, read from the cache when recordings of the same content were computed before.

    The key is the SHA-256 of the recordings' own SHA-256s in their order, so neither a new modification time nor a
    moved folder costs a recomputation, and a changed recording never meets an old picture.

    Args:
        files: the recordings.
        checksums: the SHA-256 of each, in the same order.
        seconds: length of every picture; longer recordings are cut, shorter ones padded with silence.
        cache: folder of the cache; by default ``logmel`` in the user's cache of avgraph.

    Raises:
        DataError: if a recording cannot be used; the file is named.
    """
    folder = cache_folder("logmel") if cache is None else cache
    key = sha256_listing({f"{row:08d}": checksum for row, checksum in enumerate(checksums)})
    shape = (len(files), BANDS, frames_of(seconds))
    recipe = RECIPE.format(samples=round(SAMPLE_RATE * seconds))

    def read(path: Path) -> UInt8[Tensor, "n 128 frames"]:
        picture = read_npz(path, ["logmel"])["logmel"]
        if picture.shape != shape or picture.dtype != np.uint8:
            raise DataError(f"expected uint8 {list(shape)}, got {picture.dtype} {list(picture.shape)}")
        return torch.from_numpy(picture)

    def write(path: Path) -> None:
        picture = np.empty(shape, dtype=np.uint8)
        for row, file in enumerate(progress(files, "log-mels")):
            picture[row] = log_mel_picture(file, seconds).numpy()
        with writing(path) as target:
            np.savez(target, logmel=picture)

    return kept(folder / f"{key}-{recipe}.npz", read, write)
