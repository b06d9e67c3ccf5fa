"""Small folders of stamps, recordings and backgrounds, in the layouts that are read."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from avgraph.datasets.stamps.esc50_classes import STAMPS_OF_CLASS
from tests.datasets.esc_folder import write_pictures, write_table

CLASSES = ("dog", "pig", "cow", "insects", "engine", "train")
SILENT = tuple(f"symbols/letter_{letter}" for letter in "abcdefghij")
NEAR = "animals/mammals/dogs/poodle"  # silent, and beside a dog
NAMES = (*(name for k in CLASSES for name in STAMPS_OF_CLASS[k]), *SILENT, NEAR)
SOUNDING = NAMES[:11]  # those with a sound of their own


def picture(row: int) -> np.ndarray:
    """A disc whose colour and size tell its row."""
    y, x = np.mgrid[:128, :128]
    inside = np.hypot(x - 63.5, y - 63.5) < 30 + row / 2
    made = np.zeros((128, 128, 4), np.uint8)
    made[inside] = (10 * row % 256, (255 - 5 * row) % 256, 40 * row % 256, 255)
    return made


def write_stamps(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """As prepared: ``pictures.npz``, ``stamps.csv``, ``effects/``."""
    (folder / "effects").mkdir(parents=True)
    np.savez(folder / "pictures.npz", rgba=np.stack([picture(row) for row in range(len(names))]), name=np.array(names))
    with open(folder / "stamps.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "effect"])
        for row, name in enumerate(names):
            effect = f"effects/{row}.wav" if name in SOUNDING else ""
            writer.writerow([name, effect])
            if effect:
                _tone(folder / effect, 300 + 100 * row)
    return folder


def write_installed(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """As the Debian package installs it: a picture, a text and perhaps a sound beside each other, in folders."""
    for row, name in enumerate(names):
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not square: the wide part of the picture.
        Image.fromarray(picture(row)[32:96]).save(path)
        path.with_suffix(".txt").write_text(f"{name}.\n", encoding="utf-8")
        Image.fromarray(picture(row)[32:96, ::-1]).save(path.with_name(f"{path.stem}_mirror.png"))
        if name in SOUNDING:
            _tone(path.with_suffix(".ogg"), 300 + 100 * row)
            _tone(path.with_name(f"{path.stem}_desc.ogg"), 100)
    return folder


def write_recordings(folder: Path, clips: int = 2) -> Path:
    """ESC-50 with `CLASSES` and one more."""
    table = [
        {"filename": f"{fold}-{1000 * fold + 10 * target + take}-A-{target}.wav", "fold": fold, "target": target,
         "category": category}
        for fold in range(1, 6) for target, category in enumerate((*CLASSES, "rain")) for take in range(clips)
    ]  # fmt: skip
    write_table(folder / "esc50.csv", table)
    write_pictures(folder / "esc50_logmel_u8.npz", table)
    return folder


def write_backgrounds(folder: Path) -> Path:
    """Grey pictures: those to train on are 0 to 99, the test's 200 and more."""
    folder.mkdir(parents=True)
    train = np.arange(100, dtype=np.uint8)[:, None, None, None] + np.zeros((1, 32, 32, 3), np.uint8)
    np.savez(folder / "images_6k.npz", x_train=train, x_test=train[:20] + np.uint8(200))
    return folder


def write_all(root: Path) -> dict[str, str]:
    """All three; the options that name them."""
    write_stamps(root / "stamps")
    write_recordings(root / "esc50")
    write_backgrounds(root / "cifar10")
    return {key: str(root / name) for key, name in
            (("root", "stamps"), ("esc50_root", "esc50"), ("cifar10_root", "cifar10"))}  # fmt: skip


def _tone(path: Path, pitch: float) -> None:
    time = np.arange(4800) / 16_000
    soundfile.write(path, 0.5 * np.sin(2 * math.pi * pitch * time), 16_000)
