"""Data sets of different size for the defaults of the methods that retrieve: clips, sounds with texts, spaces.

What is made up or stands in for other data says so in its name. Every function takes a seed, which draws the split.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.feature_extraction.text import HashingVectorizer
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.datasets import ClassPaired, Esc50ZeroShot
from avgraph.datasets.paired.options import CLASS_MAPS, Sets
from avgraph.encoders.logmel_modulation import modulation_spectrum

Make = Callable[[int], HeteroData]


def _root() -> Path:
    return Path(os.environ["AVGRAPH_DATA"])


def _split(count: int, seed: int) -> dict[str, Tensor]:
    """Three fifths to train on, a fifth each to validate and to test on."""
    part = torch.from_numpy(np.random.default_rng([seed, 7]).permutation(np.arange(count) % 5))
    return {"train_mask": part < 3, "val_mask": part == 3, "test_mask": part == 4}


def _standard(x: Tensor, train: Tensor) -> Tensor:
    return (x - x[train].mean(0)) / (x[train].std(0, correction=0) + 1e-6)


def _made_up(count: int, classes: int, widths: tuple[int, ...], seed: int) -> tuple[list[Tensor], Tensor]:
    """Views of the same items: a class and eight further directions, seen through random maps with noise."""
    rng = np.random.default_rng([seed, 11])
    y = np.arange(count) % classes
    latent = rng.normal(size=(classes, 12))[y] + rng.normal(size=(count, 12))
    views = [latent @ rng.normal(size=(12, width)) / 4 + rng.normal(size=(count, width)) for width in widths]
    return [torch.from_numpy(3 + 5 * view).float() for view in views], torch.from_numpy(y)


@lru_cache(maxsize=1)
def _stamps() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pictures at 8 x 8, hashed letters of their captions, categories, and a number for each different caption."""
    with np.load(_root() / "stamps" / "pictures.npz") as file:
        rgba, category = torch.from_numpy(file["rgba"]), file["category"]
    picture = F.avg_pool2d(rgba.permute(0, 3, 1, 2).float() / 255, 16).flatten(1)
    with (_root() / "stamps" / "stamps.csv").open(encoding="utf-8") as table:
        caption = [row["en"] for row in csv.DictReader(table)]
    letters = HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=512).transform(caption)
    kind = np.unique(category, return_inverse=True)[1]
    number = np.unique(caption, return_inverse=True)[1]
    return picture, torch.from_numpy(letters.toarray()).float(), torch.from_numpy(kind), torch.from_numpy(number)


@lru_cache(maxsize=2)
def captions(count: int) -> tuple[Tensor, Tensor]:
    """Captions in MiniLM and as means of GloVe word vectors."""
    with np.load(_root() / "text" / "minilm_captions.npz") as file:
        rows = np.linspace(0, len(file["x"]) - 1, count).astype(int)
        text, minilm = file["text"][rows], torch.from_numpy(file["x"][rows].astype(np.float32))
    words, vectors = _glove()
    found = [[vectors[words[word]] for word in _words(line) if word in words] for line in text]
    return minilm, torch.stack([torch.stack(rows).mean(0) if rows else torch.zeros(50) for rows in found]) + 1e-3


@lru_cache(maxsize=1)
def _glove() -> tuple[dict[str, int], Tensor]:
    with np.load(_root() / "text" / "glove_6b_50d_vocab.npz") as file:
        return {str(word): row for row, word in enumerate(file["word"])}, torch.from_numpy(file["x"]).float()


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalpha() else " " for letter in text.lower()).split()


def _clips(audio: Tensor, visual: Tensor, y: Tensor, seed: int) -> HeteroData:
    split = _split(len(y), seed)
    return HeteroData(audio={"x": audio, "y": y, **split}, visual={"x": visual, "y": y, **split})


def _paired(sets: Sets, seed: int) -> HeteroData:
    fold = seed % 5 + 1
    data = ClassPaired(sets=sets, fold=fold, val_fold=fold % 5 + 1, seed=seed, on_missing=[]).load()
    if data["audio"].x.ndim == 3:
        data["audio"].x = _standard(modulation_spectrum(data["audio"].x), data["audio"].train_mask)
    return data


def _made_up_clips(seed: int) -> HeteroData:
    (audio, visual), y = _made_up(500, 8, (64, 96), seed)
    return _clips(audio, visual, y, seed)


def _stamp_clips(seed: int) -> HeteroData:
    picture, letters, kind, _ = _stamps()
    return _clips(letters, picture, kind, seed)


CLIPS: Mapping[str, Make] = {
    "made-up, 500 clips, 8 classes": _made_up_clips,
    "ESC-50 × CIFAR-10, 280 clips, 6 classes": lambda seed: _paired("esc50_cifar10", seed),
    "stamps: picture × caption, 934, 16 categories": _stamp_clips,
    "spoken × drawn digits, 3,000 clips, 10 classes": lambda seed: _paired("fsdd_digits", seed),
}


def _pairs(x: Tensor, text: Tensor, number: Tensor, seed: int) -> HeteroData:
    """Items with a text each; texts that say the same are one row, on the side of its first item."""
    kind, place = np.unique(number.numpy(), return_inverse=True)
    side = _split(len(kind), seed)
    first = torch.from_numpy(np.array([int(np.flatnonzero(place == k)[0]) for k in range(len(kind))]))
    y = torch.from_numpy(place)
    audio = {"x": x, "y": y, **{name: mask[y] for name, mask in side.items()}}
    return HeteroData(audio=audio, text={"x": text[first], "y": torch.arange(len(kind))})


def _sounds(seed: int) -> HeteroData:
    part = seed % 5 + 1
    data = Esc50ZeroShot(part=part, val_part=part % 5 + 1, on_missing=[]).load()
    data["audio"].x = _standard(_esc_spectra(), data["audio"].train_mask)
    return data


@lru_cache(maxsize=1)
def _esc_spectra() -> Tensor:
    return modulation_spectrum(Esc50ZeroShot(on_missing=[]).load()["audio"].x)


def _made_up_pairs(seed: int) -> HeteroData:
    (x, text), _ = _made_up(500, 100, (64, 48), seed)
    return _pairs(x, text, torch.arange(500), seed)


def _stamp_pairs(seed: int) -> HeteroData:
    picture, letters, _, number = _stamps()
    return _pairs(picture, letters, number, seed)


def _caption_pairs(seed: int) -> HeteroData:
    minilm, glove = captions(2000)
    return _pairs(glove, minilm, torch.arange(2000), seed)


PAIRS: Mapping[str, Make] = {
    "made-up, 500 pairs": _made_up_pairs,
    "stamps: picture × caption, 934 pairs": _stamp_pairs,
    "ESC-50 × class names, zero-shot, 2,000 sounds": _sounds,
    "captions: GloVe × MiniLM (stand-in for sounds), 2,000 pairs": _caption_pairs,
}


def _held_out(space: str, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """Every other row of a class validates, the others test."""
    place = torch.zeros_like(y)
    for k in y.unique():
        place[y == k] = torch.arange(int((y == k).sum())) % 2
    return {f"x_{space}": F.normalize(x), "y": y, "val_mask": place == 0, "test_mask": place == 1}


def _spaces(held: Mapping[str, Mapping[str, Tensor]], out: Mapping[str, dict[str, Tensor]]) -> HeteroData:
    stores = {n: {f"x_{s}": F.normalize(x) for s, x in spaces.items()} for n, spaces in held.items()}
    return HeteroData({**stores, **out})


def _made_up_spaces(seed: int) -> HeteroData:
    """A chain of three spaces, 600 items each; the two ends are compared, which nothing joins directly."""
    (a, b, c), y = _made_up(1800, 10, (40, 48, 32), seed)
    first, second, rest = slice(600), slice(600, 1200), slice(1200, 1800)
    held = {
        "text": {"one": a[first], "two": b[first]}, "picture": {"two": b[second], "three": c[second]},
        "sound": {"one": a[second]}, "shape": {"three": c[first]},
    }  # fmt: skip
    return _spaces(held, {"heard": _held_out("one", a[rest], y[rest]), "formed": _held_out("three", c[rest], y[rest])})


def _caption_spaces(seed: int) -> HeteroData:
    """2,400 captions in both spaces; 600 others to be found by their own other half."""
    minilm, glove = captions(3000)
    order = torch.from_numpy(np.random.default_rng([seed, 3]).permutation(3000))
    train, rest = order[:2400], order[2400:]
    half = {f"{k}_mask": torch.arange(600) % 2 == i for i, k in enumerate(("val", "test"))}
    pair = {"y": torch.arange(600), **half}
    out = {
        "said": {"x_minilm": F.normalize(minilm[rest]), **pair},
        "written": {"x_glove": F.normalize(glove[rest]), **pair},
    }
    return _spaces({"text": {"minilm": minilm[train], "glove": glove[train]}}, out)


def _ridge(x: Tensor, y: Tensor) -> Tensor:
    """Linear map with a ridge of the mean variance."""
    square = x.T @ x
    solved: Tensor = torch.linalg.solve(square + square.diagonal().mean() * torch.eye(len(square)), x.T @ y)
    return solved


def _sound_picture(seed: int, count: int) -> HeteroData:
    """ESC-50 in MiniLM and CIFAR-10 in GloVe by linear maps to their class names, joined by captions alone."""
    data = _sounds(seed)
    with np.load(_root() / "text" / "minilm_labels.npz") as file:
        names = [str(name) for name in file["esc50"]]
        target = torch.from_numpy(file["esc50_x"].astype(np.float32))
    sound, y = data["audio"].x, data["audio"].y
    order = {str(name).replace("_", " "): row for row, name in enumerate(names)}
    of_text = [text.removeprefix("This is a sound of ").rstrip(".") for text in data["text"].name]
    row = torch.tensor([order[text.replace("_", " ")] for text in of_text])
    with np.load(_root() / "cifar10" / "efficientnet_lite0_pca384.npz") as file:
        pick = np.random.default_rng([seed, 5]).permutation(len(file["x_train"]))[:2000]
        picture = torch.from_numpy(file["x_train"][pick].astype(np.float32))
        label, classes = torch.from_numpy(file["y_train"][pick].astype(np.int64)), [str(c) for c in file["classes"]]
    words, vectors = _glove()
    glove = torch.stack([vectors[words[name]] for name in classes])
    minilm_text, glove_text = captions(count)
    fold = torch.from_numpy(np.random.default_rng([seed, 9]).integers(2, size=len(y))).bool()
    heard = sound @ _ridge(sound[fold], target[row][y][fold])
    first = torch.arange(2000) < 1000
    centre = picture[first].mean(0)
    seen = (picture - centre) @ _ridge(picture[first] - centre, glove[label][first] - glove.mean(0)) + glove.mean(0)
    held = {"text": {"sound": minilm_text, "picture": glove_text}, "audio_memory": {"sound": heard[fold]},
            "image_memory": {"picture": seen[first]}}  # fmt: skip
    known = CLASS_MAPS["esc50_cifar10"]
    shared = {of: k for k, kinds in enumerate(known.values()) for of in kinds}
    own = torch.tensor([shared.get(text.replace("_", " "), -1) for text in of_text])[y]
    seen_y = torch.tensor([list(known).index(name) if name in known else -1 for name in classes])[label]
    a, b = ~fold & (own >= 0), ~first & (seen_y >= 0)
    return _spaces(
        held, {"audio": _held_out("sound", heard[a], own[a]), "image": _held_out("picture", seen[b], seen_y[b])}
    )


SPACES: Mapping[str, Make] = {
    "made-up, three spaces × 600 items": _made_up_spaces,
    "captions: MiniLM and GloVe, 2,400": _caption_spaces,
    "ESC-50 and CIFAR-10 through 600 captions": lambda seed: _sound_picture(seed, 600),
    "ESC-50 and CIFAR-10 through 10,000 captions": lambda seed: _sound_picture(seed, 10_000),
}
