"""What every option of every encoder does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch_geometric.data import HeteroData

from avgraph import encoders
from tests.wiring.library import PretrainedWorld
from tests.wiring.row import Component, Row, becomes, gains, loses, nearly, row, tells
from tests.wiring.see import attribute, error, keys, seen, size
from tests.wiring.toys import masks, rows
from tests.wiring.worlds import EncoderWorld

TRAIN_SCORES = seen("scores of training clips", lambda w: w.data["audio"].score[w.data["audio"].train_mask])
TEST_SCORES = seen("scores of test clips", lambda w: w.data["audio"].score[w.data["audio"].test_mask])


def _encoder(name: str, options: Any, source: Callable[[], HeteroData], node: str, base: Mapping[str, Any],
             *made: Row, world: Any = EncoderWorld) -> Component:  # fmt: skip
    return Component(f"encoder {name}", options, partial(_world, world, name, source, node), base, made)


def _world(kind: Any, name: str, source: Any, node: str, options: Mapping[str, Any]) -> Any:
    return kind(name, options, source, node)


def pictures() -> HeteroData:
    """Small log-mels of two classes in three folds; test clip 10 is training clip 0 once more."""
    draw = torch.Generator().manual_seed(0)
    data, y = HeteroData(), torch.arange(12) % 2
    x = torch.randint(0, 200, (12, 16, 32), generator=draw)
    x[10] = x[0]
    data["audio"].x = (x + 50 * y[:, None, None]).to(torch.uint8)
    data["audio"].y, data["audio"].fold = y, torch.arange(12) // 4
    for name, mask in {**masks(12), "train_mask": data["audio"].fold < 2, "test_mask": data["audio"].fold == 2}.items():
        data["audio"][name] = mask
    return data


def vectors() -> HeteroData:
    """Vectors of two classes that overlap."""
    y = torch.arange(24) % 2
    return HeteroData(audio={"x": rows(24, 3, 0) + y[:, None], "y": y, **masks(24)})


def coloured() -> HeteroData:
    """Small colour pictures of two classes."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randint(0, 255, (12, 3, 8, 8), generator=draw, dtype=torch.uint8)
    return HeteroData(image={"x": x, "y": torch.arange(12) // 2 % 2, **masks(12)})


def names() -> HeteroData:
    """Names, features and scores of six nodes."""
    return HeteroData(label={"name": ["dog", "rain"] * 3, "x": rows(6, 3, 0), "score": rows(6, 2, 1).softmax(1)})


def sounds() -> HeteroData:
    """Waveforms of five sounds."""
    return HeteroData(audio={"waveform": rows(5, 100, 0)})


def aligned() -> HeteroData:
    """Rows with a text each, and texts in two spaces."""
    data = HeteroData(text={"x_toy": rows(4, 5, 0), "x_other": rows(4, 6, 1)}, line={"x_toy": rows(4, 5, 2)})
    data["audio"].x, data["audio"].text = rows(16, 7, 3), torch.arange(16) % 4
    data["audio"].train_mask = torch.arange(16) < 12
    return data


MODEL = seen("model that is loaded", lambda world: (world.data, dict(world.calls)["model"])[1])
BATCHES = seen("items at a time", lambda world: (world.data, [n for what, n in world.calls if what == "items"])[1])
TOWER = attribute("audio", "x_toy")

COMPONENTS = (
    _encoder(
        "logmel_cnn", encoders.LogmelCNN, pictures, "audio",
        {"channels": 6, "width": 4, "epochs": 1, "inner_epochs": 1, "batch_size": 4, "lr": 0.01},
        row("channels", 5, size("audio"), becomes((12, 5))),
        row("width", 5, TEST_SCORES),
        row("epochs", 2, TEST_SCORES),
        row("batch_size", 2, TEST_SCORES),
        row("lr", 0.02, TEST_SCORES),
        row("weight_decay", 50.0, TEST_SCORES),
        row("weight_decay", 50.0, TRAIN_SCORES),
        row("mixup", 0.0, TEST_SCORES),
        row("out_of_fold", False, seen("how far the scores of a training clip and of its copy are apart", lambda w: (
            float((w.data["audio"].score[0] - w.data["audio"].score[10]).abs().max()))), nearly(0.0)),
        row("inner_epochs", 2, TRAIN_SCORES),
        row("seed", 1, TEST_SCORES),
    ),
    _encoder(
        "logmel_modulation", encoders.LogmelModulation, pictures, "audio", {},
        row("shrinkage", 0.9, TEST_SCORES),
        row("scores", False, keys("audio"), loses("score")),
    ),
    _encoder(
        "logmel_patches", encoders.LogmelPatches, pictures, "audio", {"centres": 4},
        row("centres", 6, TEST_SCORES),
        row("components", 3, size("audio"), becomes((12, 3))),
        row("components", 2, TEST_SCORES),
        row("shrinkage", 0.9, TEST_SCORES),
        row("scores", False, keys("audio"), loses("score")),
        row("seed", 1, TEST_SCORES),
    ),
    _encoder(
        "precomputed", encoders.Precomputed, names, "label", {},
        row("x", "x.npy", size("label"), becomes((6, 4))),
        row("score", "score.npy", attribute("label", "score"), becomes(torch.full((6, 2), 0.5))),
    ),
    _encoder(
        "logistic_regression", encoders.LogisticRegression, vectors, "audio", {"strengths": [1.0]},
        row("strengths", [1e-4], TRAIN_SCORES),
    ),
    _encoder(
        "perceptron", encoders.Perceptron, vectors, "audio",
        {"hidden_channels": 4, "epochs": 1, "batch_size": 4, "lr": 0.01, "dropout": 0.0, "input_dropout": 0.0},
        row("hidden_channels", 5, TEST_SCORES),
        row("epochs", 2, TEST_SCORES),
        row("batch_size", 2, TEST_SCORES),
        row("lr", 0.02, TEST_SCORES),
        row("weight_decay", 50.0, TEST_SCORES),
        row("input_dropout", 0.5, TRAIN_SCORES),
        row("dropout", 0.5, TRAIN_SCORES),
        row("mixup", 1.0, TRAIN_SCORES),
        row("seed", 1, TEST_SCORES),
    ),
    _encoder(
        "picture_cnn", encoders.PictureCNN, coloured, "image", {"width": 2, "epochs": 1, "batch_size": 4, "lr": 0.01},
        row("width", 3, size("image"), becomes((12, 24))),
        row("epochs", 2, attribute("image", "score")),
        row("batch_size", 3, attribute("image", "score")),
        row("lr", 0.02, attribute("image", "score")),
        row("weight_decay", 5.0, attribute("image", "score")),
        row("seed", 1, attribute("image", "score")),
    ),
    _encoder(
        "neighbour_votes", encoders.NeighbourVotes, vectors, "audio", {"k": 3},
        row("k", 5, TRAIN_SCORES),
        row("temperature", 5.0, TEST_SCORES),
        row("smoothing", 1.0, TEST_SCORES),
    ),
    _encoder(
        "hashing", encoders.Hashing, names, "label", {"channels": 8},
        row("channels", 9, size("label"), becomes((6, 9))),
    ),
    _encoder(
        "glove", encoders.GloVe, names, "label", {"path": "glove.txt"},
        row("path", "glove2.txt", size("label"), becomes((6, 3))),
    ),
    _encoder(
        "sentence_transformers", encoders.SentenceTransformers, names, "label", {"model": "one"},
        row("model", "two", MODEL, becomes("two")), world=PretrainedWorld,
    ),
    _encoder(
        "clip", encoders.CLIP, names, "label", {"model": "one", "batch_size": 6},
        row("model", "two", MODEL, becomes("two")),
        row("space", "other", keys("label"), gains("x_other")),
        row("batch_size", 4, BATCHES, becomes([4, 2])), world=PretrainedWorld,
    ),
    _encoder(
        "clap", encoders.CLAP, sounds, "audio", {"model": "one", "batch_size": 6, "sampling_rate": 16_000},
        row("model", "two", MODEL, becomes("two")),
        row("space", "other", keys("audio"), gains("x_other")),
        row("sampling_rate", 48_000, error(), tells("expects 16000 Hz, got 48000 Hz")),
        row("batch_size", 4, BATCHES, becomes([4, 1])), world=PretrainedWorld,
    ),
    _encoder(
        "text_aligned", encoders.TextAligned, aligned, "audio",
        {"space": "toy", "hidden_channels": 8, "epochs": 2, "batch_size": 6, "dropout": 0.0},
        row("space", "other", keys("audio"), gains("x_other")),
        row("text", "line", TOWER),
        row("features", "logmel_cnn", error(), tells("logmel_cnn:")),
        row("features", "logmel_modulation", error(), tells("modulation")),
        row("features", "logmel_patches", error(), tells("logmel_patches:")),
        row("hidden_channels", 9, TOWER),
        row("epochs", 3, TOWER),
        row("batch_size", 4, TOWER),
        row("lr", 0.01, TOWER),
        row("weight_decay", 5.0, TOWER),
        row("dropout", 0.5, TOWER),
        row("temperature", 0.5, TOWER),
        row("seed", 1, TOWER),
    ),
)  # fmt: skip
