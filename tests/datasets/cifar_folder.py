"""Small files in the layout of CIFAR's published binary version."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np

from avgraph.datasets.cifar.archive import LAYOUTS, CifarName


def records(name: CifarName, per_class: int, seed: int) -> bytes:
    """``per_class`` pictures of every class in random order; of CIFAR-100 class c is in superclass c mod 20."""
    layout, rng = LAYOUTS[name], np.random.default_rng(seed)
    y = rng.permutation(np.arange(layout.classes * per_class) % layout.classes).astype(np.uint8)
    pixels = rng.integers(0, 256, (len(y), 3072), dtype=np.uint8)
    labels = [y % 20, y] if layout.labels == 2 else [y]
    return np.concatenate([np.stack(labels, 1), pixels], 1).tobytes()


def cifar_files(name: CifarName, per_class: int = 3) -> dict[str, bytes]:
    """File → content; ``per_class`` of every class in each file of records."""
    layout = LAYOUTS[name]
    names = "".join(f"class {number}\n" for number in range(layout.classes)) + "\n"
    parts = {file: records(name, per_class, seed) for seed, file in enumerate((*layout.train, layout.test))}
    return {**parts, layout.names: names.encode()}


def write_cifar(folder: Path, name: CifarName, per_class: int = 3) -> Path:
    """The unpacked archive below ``folder``."""
    place = folder / LAYOUTS[name].folder
    place.mkdir(parents=True)
    for file, content in cifar_files(name, per_class).items():
        (place / file).write_bytes(content)
    return folder


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    """A ``.tar.gz`` of files by their paths."""
    with tarfile.open(path, "w:gz") as bundle:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            bundle.addfile(member, io.BytesIO(content))
    return path
