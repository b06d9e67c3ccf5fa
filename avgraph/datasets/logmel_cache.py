"""Log-mel pictures of a list of recordings, computed once and kept in the user's cache by content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from platformdirs import user_cache_dir
from torch import Tensor

from avgraph.datasets.audio import BANDS, SECONDS, frames_of, log_mel_picture
from avgraph.datasets.checksum import sha256_listing
from avgraph.datasets.npz_file import read_npz
from avgraph.errors import DataError
from avgraph.files import atomic_path
from avgraph.progress import progress

# Changes when log_mel_picture computes something else, so that an old cache is never taken for a new one.
RECIPE = "slaney-128x{frames}-top80-v1"


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
    folder = Path(user_cache_dir("avgraph")) / "logmel" if cache is None else cache
    key = sha256_listing({f"{row:08d}": checksum for row, checksum in enumerate(checksums)})
    shape = (len(files), BANDS, frames_of(seconds))
    stored = folder / f"{key}-{RECIPE.format(frames=shape[2])}.npz"
    picture = _read(stored, shape)
    if picture is None:
        picture = np.empty(shape, dtype=np.uint8)
        for row, path in enumerate(progress(files, "log-mels")):
            picture[row] = log_mel_picture(path, seconds).numpy()
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(stored) as temporary:
            np.savez(temporary, logmel=picture)
    return torch.from_numpy(picture)


def _read(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The cached pictures, or None when there are none or the file is damaged: a cache may always be rebuilt."""
    try:
        picture: np.ndarray = read_npz(path, ["logmel"])["logmel"]
    except DataError:
        return None
    good = picture.shape == shape and picture.dtype == np.uint8
    return picture if good else None
