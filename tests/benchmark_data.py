"""A small made-up folder in the layouts of the real data, for whatever reads ``$AVGRAPH_DATA``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from avgraph.datasets.paired.digits import FILE as SPOKEN
from tests.datasets.esc_folder import Row, write_pictures, write_table

# The classes that sounds and pictures share, and more, so that a fifth of them is five.
SOUNDS = (
    "airplane", "engine", "car_horn", "chirping_birds", "cat", "dog", "frog", "rain", "wind", "clapping", "sneezing",
    "snoring", "crow", "siren", "train", "cow", "pig", "hen", "sheep", "crickets", "thunderstorm", "laughing",
    "coughing", "footsteps", "fireworks",
)  # fmt: skip
PICTURES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TAKES, SPEAKERS = 15, ("ann", "bob")


def write_data(root: Path) -> Path:
    """Sounds, pictures, spoken digits, captions and word vectors under ``root``."""
    rng = np.random.default_rng(0)
    for name in ("esc50", "esc10"):
        _sounds(root / name, name, rng)
    _pictures(root / "cifar10", rng)
    _spoken_digits(root / "fsdd", rng)
    _texts(root / "text", rng)
    _captions(root / "captions", rng)
    return root


def _sounds(folder: Path, name: str, rng: np.random.Generator) -> None:
    table: list[Row] = [
        {"filename": f"{fold}-{1000 * fold + target}-A-{target}.wav", "fold": fold, "target": target,
         "category": category}
        for fold in range(1, 6) for target, category in enumerate(SOUNDS)
    ]  # fmt: skip
    centre = rng.integers(60, 200, (len(SOUNDS), 128, 1))
    target = np.array([row["target"] for row in table[::-1]])
    logmel = (centre[target] + rng.integers(-50, 50, (len(table), 128, 216))).astype(np.uint8)
    write_table(folder / f"{name}.csv", table)
    write_pictures(folder / f"{name}_logmel_u8.npz", table, logmel=logmel)


def _pictures(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir()
    centre, parts = rng.normal(size=(len(PICTURES), 16)), {}
    for split, count in (("train", 200), ("test", 60)):
        y = rng.permutation(np.arange(count) % len(PICTURES))
        parts |= {f"x_{split}": (centre[y] + rng.normal(size=(count, 16))).astype(np.float16), f"y_{split}": y}
    np.savez(folder / "efficientnet_lite0_pca384.npz", classes=np.array(PICTURES), **parts)


def _spoken_digits(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir()
    digit, take, speaker = (part.ravel() for part in np.meshgrid(range(10), range(TAKES), range(len(SPEAKERS))))
    tone = np.sin(2 * np.pi * (300 + 300 * digit[:, None]) * np.arange(600) / 8000)
    np.savez(
        folder / SPOKEN, waveform=(tone + rng.normal(scale=0.3, size=tone.shape)).astype(np.float32).ravel(),
        offset=np.arange(len(digit) + 1) * 600, digit=digit, take=take, speaker=np.array(SPEAKERS)[speaker],
    )  # fmt: skip


def _names() -> list[str]:
    words = [word for name in SOUNDS for word in name.split("_")]
    return list(dict.fromkeys([*words, *PICTURES]))


def _captions(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir()
    names = _names()
    for part, count in (("train", 80), ("val", 20), ("test", 30)):
        lines = ["file_name," + ",".join(f"caption_{k}" for k in range(1, 6))]
        for number in range(count):
            said = [f"a {names[k]} near the {names[k % 2]}" for k in rng.choice(len(names), 5, replace=False)]
            lines.append(f"{part}-{number}.wav,{','.join(said)}")
        (folder / f"clotho_{part}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _texts(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir()
    names = _names()
    known = np.array(list(dict.fromkeys([*names, "this", "is", "sound", "of", "a", "photo", "near", "the"])))
    captions = np.array([f"a {one} near the {other}" for one in names for other in names[:2]])

    def vectors(count: int, width: int) -> np.ndarray:
        return rng.normal(size=(count, width)).astype(np.float32)

    source = np.where(np.arange(len(captions)) % 2, "audiocaps", "clotho")
    np.savez(folder / "minilm_captions.npz", text=captions, x=vectors(len(captions), 12), source=source)
    np.savez(
        folder / "minilm_labels.npz", esc50=np.array(SOUNDS), esc50_x=vectors(len(SOUNDS), 12),
        cifar10=np.array(PICTURES), cifar10_x=vectors(len(PICTURES), 12),
    )  # fmt: skip
    np.savez(folder / "glove_6b_50d_vocab.npz", word=known, x=vectors(len(known), 8))
