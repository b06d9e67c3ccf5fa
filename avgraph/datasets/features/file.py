"""Feature files of audio-visual retrieval: six arrays in one HDF5 or MATLAB file, as its community passes them on.

=============  ==================================================================================
key            content
=============  ==================================================================================
audio_train    [n, 128]: VGGish features of each second, averaged over the clip
visual_train   [n, 1024]: Inception V3 features of each second, averaged over the clip
lab_train      [n] or [n, 1] whole numbers from 0 (or from 1), or [n, C] one-hot
…_test         the same of the test clips
=============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch_geometric.data import HeteroData

from avgraph.datasets.checks import as_whole, check_finite
from avgraph.datasets.clip_graph import clip_graph
from avgraph.errors import DataError
from avgraph.graph.masks import check_class_coverage
from avgraph.graph.provenance import Provenance
from avgraph.io.files_read import checksums
from avgraph.io.hdf5 import read_hdf5
from avgraph.io.matlab import read_matlab
from avgraph.io.npy import Array
from avgraph.io.reading import reading

KEYS = tuple(f"{kind}_{split}" for split in ("train", "test") for kind in ("audio", "visual", "lab"))
LABELS = ("lab_train", "lab_test")


def read_feature_file(path: str | Path) -> dict[str, Array]:
    """The six arrays of a ``.h5``, ``.hdf5`` or ``.mat`` file; features float32 [n, d], labels int64 [n] from 0.

    Raises:
        DataError: naming the file and the key that is missing, of another length, or not finite.
    """
    path = Path(path)
    with reading(path, "HDF5 or MATLAB"):
        return _checked(path, _arrays(path, KEYS))


def read_labels(path: Path) -> dict[str, Array]:
    """Of a file the labels alone, ``lab_train`` and ``lab_test``, int64 [n] from 0.

    Raises:
        DataError: as `read_feature_file`.
    """
    with reading(path, "HDF5 or MATLAB"):
        return _checked_labels(path, _arrays(path, LABELS))


def _arrays(path: Path, keys: Sequence[str]) -> dict[str, Array]:
    import h5py

    raw = read_hdf5(path, keys) if h5py.is_hdf5(path) else read_matlab(path, keys)
    if missing := [key for key in keys if key not in raw]:
        raise DataError(f"{path}: no key '{missing[0]}'; it has {', '.join(sorted(raw)) or 'none'}")
    return raw


def _checked_labels(path: Path, raw: Mapping[str, Array]) -> dict[str, Array]:
    labels = {key: _labels(raw[key], f"{path}: {key}") for key in LABELS}
    first = min(int(label.min()) for label in labels.values())
    if first not in (0, 1):
        raise DataError(f"{path}: lab_train, lab_test: expected classes from 0 or from 1, got {first}")
    return {key: label - first for key, label in labels.items()}


def _checked(path: Path, raw: Mapping[str, Array]) -> dict[str, Array]:
    labels = _checked_labels(path, raw)
    found: dict[str, Array] = {**labels}
    for split in ("train", "test"):
        label = labels[f"lab_{split}"]
        for kind in ("audio", "visual"):
            key = f"{kind}_{split}"
            value = raw[key]
            if value.ndim != 2 or len(value) != len(label):
                raise DataError(f"{path}: {key}: expected [{len(label)}, d], got {list(value.shape)}")
            check_finite(value, f"{path}: {key}")
            found[key] = value.astype(np.float32)
    for kind in ("audio", "visual"):
        widths = [found[f"{kind}_{split}"].shape[1] for split in ("train", "test")]
        if widths[0] != widths[1]:
            raise DataError(f"{path}: {kind}_train has {widths[0]} columns, {kind}_test {widths[1]}")
    return found


def feature_graph(
    path: Path, dataset: str, classes: int, class_names: Sequence[str] | None, val_fraction: float, seed: int
) -> HeteroData:
    """The clips of a feature file as a graph; a part of the training clips of every class is set apart to validate.

    Raises:
        DataError: as `read_feature_file`, or if the file has other classes than it should.
    """
    part = read_feature_file(path)
    y = np.concatenate([part["lab_train"], part["lab_test"]])
    if int(y.max()) >= classes:
        raise DataError(f"{path}: expected {classes} classes, got label {int(y.max())}")
    names = [f"class {k}" for k in range(classes)] if class_names is None else list(class_names)
    split = np.zeros(len(y), dtype=np.int64)
    split[len(part["lab_train"]) :] = 2
    rng = np.random.default_rng(seed)
    for c in range(classes):
        own = np.flatnonzero((y == c) & (split == 0))
        split[rng.permutation(own)[: round(val_fraction * len(own))]] = 1
    check_class_coverage(torch.from_numpy(y), torch.from_numpy(split == 0), names, str(path))
    audio, visual = (
        torch.from_numpy(np.concatenate([part[f"{k}_train"], part[f"{k}_test"]])) for k in ("audio", "visual")
    )
    provenance = Provenance(
        dataset=dataset,
        source="real",
        note="" if class_names else "the file does not name its classes",
        classes=names,
        files=checksums([path]),
    )
    return clip_graph(audio, visual, torch.from_numpy(y), torch.from_numpy(split), names, provenance)


def _labels(value: Array, where: str) -> npt.NDArray[np.int64]:
    if value.ndim == 2 and 1 not in value.shape:  # one-hot
        check_finite(value, where)
        if not ((value == 1).sum(1) == 1).all() or not ((value == 0) | (value == 1)).all():
            raise DataError(f"{where}: expected one-hot rows, got others")
        return np.asarray(value.argmax(1), dtype=np.int64)
    flat = as_whole(value.reshape(-1), where)
    if not len(flat):
        raise DataError(f"{where}: expected at least one clip, got none")
    return flat
