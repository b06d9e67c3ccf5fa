"""The history of a run as a table, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avgraph.io.files import atomic_path


def write_csv(history: Sequence[Mapping[str, Any]], path: str | Path) -> Path:
    r"""Write a row per epoch and a column per number, empty where an epoch has none; returns the path.

    Args:
        history: the lines of ``metrics.jsonl``.
        path: whole or absent.

    Example:
        >>> import tempfile
        >>> lines = [{"epoch": 0, "train/loss": 0.5}, {"epoch": 1, "train/loss": 0.25, "val/map": 0.5}]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_csv(lines, f"{folder}/metrics.csv").read_text()
        'epoch,train/loss,val/map\n0,0.5,\n1,0.25,0.5\n'
    """
    names = list(dict.fromkeys(name for record in history for name in record))
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
    return Path(path)
