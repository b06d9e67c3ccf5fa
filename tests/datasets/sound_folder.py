"""Folders of recordings that somebody has made: a folder for each class, and a table with folds and recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

CLASSES = ("bell", "dog", "rain")


def sound(label: int, number: int, seconds: float = 0.6, rate: int = 16_000) -> npt.NDArray[np.float64]:
    """A sound of a class, every number another one."""
    rng = np.random.default_rng([label, number])
    time = np.arange(round(rate * seconds)) / rate
    tone = np.sin(2 * np.pi * (300 + 700 * label + 10 * number) * time)
    return np.asarray(0.4 * (tone if label < 2 else rng.normal(size=len(time)).clip(-2, 2) / 2) + 0.01 * rng.random())


def write_sounds(root: Path, each: int = 5, classes: tuple[str, ...] = CLASSES, seconds: float = 0.6) -> list[str]:
    """Recordings in folders of classes; their names."""
    names = []
    for label, category in enumerate(classes):
        (root / category).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            names.append(f"{category}/{number}.wav")
            soundfile.write(root / names[-1], sound(label, number, seconds), 16_000)
    return names


def write_table(root: Path, names: list[str], column: str = "fold", leaks: int = 0) -> None:
    """``sounds.csv`` of these, in folds 1 to 5 or in a split; the first files of a class are of one recording."""
    values = ("train", "train", "train", "val", "test") if column == "split" else (1, 2, 3, 4, 5)
    lines = [f"file,class,{column},recording"]
    for name in names:
        category, number = name.split("/")[0], int(Path(name).stem)
        tape = 0 if number < leaks else number
        lines.append(f"{name},{category},{values[number % 5]},{category} tape {tape}")
    (root / "sounds.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
