"""Small folders in the published layouts of ESC-50, with recordings that last a fraction of a second."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

Row = dict[str, Any]


def rows(clips_per_fold: int = 1) -> list[Row]:
    """Two classes × five folds; the rooster of fold 1 and that of fold 2 come from one recording."""
    made = []
    for fold in range(1, 6):
        for target, category in enumerate(("dog", "crowing_rooster")):
            for take in range(clips_per_fold):
                source = 777 if target == 1 and fold < 3 else 1000 + 10 * fold + target
                filename = f"{fold}-{source}-{'ABC'[take]}-{target}.wav"
                made.append({"filename": filename, "fold": fold, "target": target, "category": category})
    return made


def write_table(path: Path, table: list[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(table[0]))
        writer.writeheader()
        writer.writerows(table)


def write_audio(folder: Path, table: list[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(4410) / 44_100
    for index, row in enumerate(table):
        tone = 0.5 * np.sin(2 * np.pi * (300 + 200 * index) * time)
        soundfile.write(folder / row["filename"], tone, 44_100)


def write_pictures(path: Path, table: list[Row], **changed: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    reverse = table[::-1]  # another order than the table's, as a join must not rely on it
    arrays: dict[str, np.ndarray] = {
        "logmel": np.stack([np.full((128, 216), table.index(row), np.uint8) for row in reverse]),
        "target": np.array([row["target"] for row in reverse], np.uint8),
        "fold": np.array([row["fold"] for row in reverse], np.uint8),
        "name": np.array([row["filename"].rsplit(".", 1)[0] for row in reverse]),
    }
    np.savez(path, **{**arrays, **changed})
