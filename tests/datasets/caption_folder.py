"""A folder of 20 short recordings with caption tables: rows of the real ones where they are, else rows like them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import soundfile

COUNTS = {"train": 12, "val": 4, "test": 4}
WORDS = ("dog", "rain", "engine", "bell", "crowd", "wind", "train", "bird", "door", "siren", "cat", "water")


def caption_rows(dataset: str, split: str) -> list[list[str]]:
    """Header and the first rows of a table."""
    table = Path(os.environ.get("AVGRAPH_DATA", "")) / "captions" / f"{dataset}_{split}.csv"
    if os.environ.get("AVGRAPH_DATA") and table.is_file():
        with open(table, newline="", encoding="utf-8") as file:
            return list(csv.reader(file))[: 1 + COUNTS[split]]
    several = dataset == "clotho" or split != "train"
    columns = [f"caption_{k}" for k in range(1, 6)] if several else ["caption"]
    ending = ('is heard, then "stops"', "is near", "far away, and someone speaks", "repeats", "and a hum")
    return [["file_name", *columns]] + [
        [f"{split} {k}_{word}.wav", *(f"A {word} {ending[c]}" for c in range(len(columns)))]
        for k, word in enumerate(WORDS[: COUNTS[split]])
    ]


def write_captioned(root: Path, dataset: str, folders: dict[str, str], tables: dict[str, str]) -> Path:
    """Tables and recordings of a fifth of a second, each a tone of its own."""
    for split, folder in folders.items():
        rows = caption_rows(dataset, split)
        (root / folder).mkdir(parents=True, exist_ok=True)
        with open(root / tables[split], "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        for number, row in enumerate(rows[1:]):
            pitch = 200 + 150 * number + 50 * list(folders).index(split)
            tone = 0.5 * np.sin(2 * np.pi * pitch * np.arange(3200) / 16_000)
            soundfile.write(root / folder / row[0], tone, 16_000)
    return root


def audiocaps_folder(root: Path) -> Path:
    """AudioCaps with a folder per split."""
    splits = list(COUNTS)
    return write_captioned(root, "audiocaps", {s: s for s in splits}, {s: f"audiocaps_{s}.csv" for s in splits})


def clotho_folder(root: Path) -> Path:
    """Clotho as published."""
    names = {"train": "development", "val": "validation", "test": "evaluation"}
    return write_captioned(root, "clotho", names, {s: f"clotho_captions_{name}.csv" for s, name in names.items()})
