"""The published binary version: records of one or two label bytes and 3072 bytes of a picture, names one a line.

=========  ========================================================  ========================
set        records                                                   names
=========  ========================================================  ========================
cifar10    class, picture in ``data_batch_1.bin`` … and              ``batches.meta.txt``
           ``test_batch.bin``
cifar100   superclass, class, picture in ``train.bin``, ``test.bin`` ``fine_label_names.txt``
=========  ========================================================  ========================

A picture is its red, green and blue plane of 32 × 32, row by row. The Python version holds the same in pickles, which
may run any code, and is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from avgraph.errors import DataError
from avgraph.io.reading import reading

CifarName = Literal["cifar10", "cifar100"]
SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Layout:
    """The files of a set: its folder in the archive, records to train and to test on, names, label bytes, classes."""

    folder: str
    train: tuple[str, ...]
    test: str
    names: str
    labels: int
    classes: int

    @property
    def files(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.train, self.test, self.names)

    @property
    def record(self) -> int:
        """Bytes of a record."""
        return self.labels + _PIXELS


LAYOUTS: dict[CifarName, Layout] = {
    "cifar10": Layout(
        "cifar-10-batches-bin",
        tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
        "test_batch.bin",
        "batches.meta.txt",
        1,
        10,
    ),
    "cifar100": Layout("cifar-100-binary", ("train.bin",), "test.bin", "fine_label_names.txt", 2, 100),
}


@dataclass(frozen=True)
class Pictures:
    """Records in order; ``superclass`` [n] where there are two labels.

    Shapes:
        x [n, 3, 32, 32], y [n]
    """

    x: npt.NDArray[np.uint8]
    y: npt.NDArray[np.int64]
    superclass: npt.NDArray[np.int64] | None


def read_records(path: Path, layout: Layout) -> Pictures:
    """The records of one file.

    Raises:
        DataError: if it is missing, no whole number of records, or has a class that the set does not.
    """
    with reading(path, "CIFAR binary"):
        size = path.stat().st_size
        if not size or size % layout.record:
            raise DataError(f"expected records of {layout.record} bytes, got {size} bytes")
        raw = np.fromfile(path, np.uint8).reshape(-1, layout.record)
        y = raw[:, layout.labels - 1].astype(np.int64)
        if (wrong := np.flatnonzero(y >= layout.classes)).size:
            row = int(wrong[0])
            raise DataError(f"record {row}: expected a class from 0 to {layout.classes - 1}, got {y[row]}")
        superclass = raw[:, 0].astype(np.int64) if layout.labels == 2 else None
        return Pictures(raw[:, layout.labels :].reshape(-1, *SHAPE).copy(), y, superclass)


def read_class_names(path: Path, layout: Layout) -> list[str]:
    """Names of the classes, one a line.

    Raises:
        DataError: if there are more or fewer than the set has.
    """
    with reading(path, "text"):
        names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if len(names) != layout.classes:
            raise DataError(f"expected {layout.classes} names, one a line, got {len(names)}")
        return names
