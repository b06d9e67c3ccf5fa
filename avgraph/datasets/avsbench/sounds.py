"""The log-mels of a clip of AVSBench, from the first of three files that is there; no pickle is run."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from avgraph.datasets.avsbench.layout import FRAMES, BenchClip, Layout
from avgraph.datasets.avsbench.vggish import BANDS, COLUMNS, read_vggish
from avgraph.errors import DataError
from avgraph.io.npz import read_npz
from avgraph.io.reading import reading
from avgraph.io.torch_file import load_tensors

KEY = "log_mel"


def read_sound(layout: Layout, clip: BenchClip) -> Float32[Tensor, "5 64 96"]:
    """One log-mel a second, bands first: from ``.npz``, ``.wav`` or a ``.pkl`` that holds nothing but a tensor.

    The published ``.pkl`` are pickles, which can run code when they are read: they are refused unless
    ``torch.load(weights_only=True)`` reads them.

    Raises:
        DataError: naming the file, and what to put in its place.
    """
    npz, wav, pkl = (layout.sound(clip, suffix) for suffix in (".npz", ".wav", ".pkl"))
    if npz.is_file():
        with reading(npz, ".npz"):  # text makes no tensor
            return _checked(npz, torch.from_numpy(np.asarray(read_npz(npz, [KEY])[KEY])))
    if wav.is_file():
        return _checked(wav, torch.from_numpy(read_vggish(wav, FRAMES)))
    if not pkl.is_file():
        raise DataError(f"{pkl}: no such file, nor {npz.name} beside it, nor {wav}")
    return _checked(pkl, _unpickled(pkl, npz, wav))


def _unpickled(path: Path, npz: Path, wav: Path) -> object:
    instead = f"put {npz.name} (key '{KEY}', [{FRAMES}, {COLUMNS}, {BANDS}]) beside it, or {wav}"
    refused = f"{path}: a pickle that could run code is not read; {instead}"
    with reading(path, "tensor"):
        if not zipfile.is_zipfile(path):  # torch.save writes an archive
            raise DataError(refused)
        try:
            return load_tensors(path)
        except pickle.UnpicklingError as error:  # one with more than tensors in it
            raise DataError(refused) from error


def _checked(path: Path, value: object) -> Float32[Tensor, "5 64 96"]:
    """As [5, 64, 96] from the published [5, 1, 96, 64], or the same without the 1."""
    shapes = ((FRAMES, 1, COLUMNS, BANDS), (FRAMES, COLUMNS, BANDS))
    if isinstance(value, Tensor) and value.is_floating_point() and value.shape in shapes:
        found = value.detach().float().reshape(FRAMES, COLUMNS, BANDS).transpose(1, 2).contiguous()
        if not bool(found.isfinite().all()):
            raise DataError(f"{path}: holds NaN or infinite values")
        return found
    got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
    raise DataError(f"{path}: expected floating point [{FRAMES}, 1, {COLUMNS}, {BANDS}], got {got}")
