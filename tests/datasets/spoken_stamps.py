"""A small folder of stamps with spoken and written captions, in the layout that is read."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
LANGUAGES = ("en", "fr", "ru", "ro", "ca", "bg", "es", "de", "it", "nl", "pt", "ja", "zh_CN", "el", "be", "da")
SPOKEN = {"fr": 1, "es": 5}  # stamps from which on something is said


def write_spoken_stamps(folder: Path, count: int) -> Path:
    """Write ``pictures.npz``, ``stamps.csv`` and the speech of two languages; of the first stamps nothing is said."""
    folder.mkdir()
    rng = np.random.default_rng(count)
    names = [f"kind/{k}" for k in range(count)]
    np.savez(folder / "pictures.npz", rgba=rng.integers(0, 255, (count, 128, 128, 4), np.uint8), name=np.array(names))
    columns = ["name", "category", "effect", *LANGUAGES]
    columns += [f"speech_{language}_{end}" for language in SPOKEN for end in ("start", "end")]
    rows = []
    for k, name in enumerate(names):
        row = {"name": name, "category": ("odd", "even")[k % 2], "effect": ""}
        row |= {
            language: {"en": f"A {k}.", "de": f"Ein {k}."}.get(language, f"{language} {k}") for language in LANGUAGES
        }
        for language, first in SPOKEN.items():
            start = (k - first) * RATE // 4
            spoken = k >= first
            row |= {f"speech_{language}_start": start if spoken else "", f"speech_{language}_end":
                    start + RATE // 4 if spoken else ""}  # fmt: skip
        rows.append(row)
    with (folder / "stamps.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    for language in SPOKEN:
        wave = np.sin(np.arange(count * RATE // 4) * rng.random() / 4).astype(np.float32)
        soundfile.write(folder / f"speech_{language}.ogg", wave, RATE)
    return folder
