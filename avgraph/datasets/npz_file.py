"""The arrays of an ``.npz`` file by their keys, without unpickling."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avgraph.datasets.zip_errors import ZIP_ERRORS
from avgraph.errors import DataError


def read_npz(path: str | Path, keys: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays named ``keys``; the file may hold others.

    Raises:
        DataError: if the file is missing, unreadable, needs unpickling or lacks a key; the message lists those it has.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/bundle.npz", x=np.arange(2), y=np.zeros(3))
        ...     read_npz(f"{folder}/bundle.npz", ["x"])
        {'x': array([0, 1])}
    """
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as bundle:  # closed also if damaged
            if missing := [key for key in keys if key not in bundle.files]:
                raise DataError(f"{path}: no key '{missing[0]}'; it has {', '.join(bundle.files) or 'none'}")
            return {key: bundle[key] for key in keys}
    except DataError:
        raise
    except ZIP_ERRORS as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise DataError(f"{path}: cannot be read: {reason or error}") from error
