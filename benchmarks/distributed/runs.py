"""A small run of every method that can be split, on made-up files, in float64 on however many processes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import avgraph
from avgraph.config import experiment_from_dict

CLASSES, CLIPS = 6, 96
MMVAE = {"width": 4, "neck_channels": 8, "audio_channels": 16, "latent_channels": 4, "matching_weight": 0.1}


def write_files(folder: Path) -> None:
    """Rows of six classes as three modalities of clips see them, and as two spaces hold them."""
    rng = np.random.default_rng(0)
    y = np.arange(CLIPS) % CLASSES
    centre = rng.normal(size=(CLASSES, 8))

    def write(name: str, things: Any, view: Any) -> None:
        seen = things @ view
        np.save(folder / f"{name}.npy", (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32))

    def things() -> Any:
        return centre[y] + 0.5 * rng.normal(size=(CLIPS, 8))

    text = things()
    for name, width in (("audio", 12), ("visual", 10)):
        view = rng.normal(size=(8, width))
        for part, seen in (("", things()), ("_held", things()), ("_text", text)):
            write(f"{name}{part}", seen, view)
    np.save(folder / "y.npy", y)
    np.save(folder / "split.npy", np.array(["train", "train", "train", "test"])[np.arange(CLIPS) // CLASSES % 4])
    np.save(folder / "label.npy", rng.normal(size=(CLASSES, 4)).astype(np.float32))
    (folder / "label.txt").write_text("\n".join(f"class {number}" for number in range(CLASSES)))


def _experiments(folder: Path) -> Mapping[str, dict[str, Any]]:
    def nodes(**names: str) -> dict[str, Any]:
        own = {"y": str(folder / "y.npy"), "split": str(folder / "split.npy")}
        return {name: {"x": str(folder / f"{file}.npy"), **own} for name, file in names.items()}

    label = {"x": str(folder / "label.npy"), "name": str(folder / "label.txt")}
    spaces = {
        "clap": {"text": str(folder / "audio_text.npy"), "sounds": str(folder / "audio.npy")},
        "clip": {"text": str(folder / "visual_text.npy"), "pictures": str(folder / "visual.npy")},
    }
    held = {
        "audio": {"x": {"clap": str(folder / "audio_held.npy")}, "y": str(folder / "y.npy")},
        "image": {"x": {"clip": str(folder / "visual_held.npy")}, "y": str(folder / "y.npy")},
    }
    few = {"train_clips": 10, "val_clips": 0, "test_clips": 6, "classes": 4, "recordings": 5}
    shapes = {"type": "sounding_shapes", **few, "frames": 2, "size": 64}
    return {
        "m-LTM": {
            "dataset": {"type": "files", "nodes": nodes(audio="audio", text="visual")},
            "graph": [],
            "method": {"type": "mltm", "hidden_channels": 32, "shared_channels": 8, "batch_size": 32},
        },
        "C-MCR": {
            "dataset": {"type": "spaces", "spaces": spaces, "held_out": held},
            "method": {"type": "cmcr", "hidden_channels": 32, "channels": 16, "batch_size": 40, "path_weight": 1.0},
        },
        "LIR": {
            "dataset": {"type": "files", "nodes": nodes(audio="audio", visual="visual")},
            "graph": [],
            "method": {"type": "lir", "hidden_channels": 32, "batch_size": 30, "teacher_epochs": 3},
        },
        "RR-Net": {
            "dataset": {"type": "files", "nodes": {**nodes(audio="audio"), "label": label}},
            "graph": [
                {"type": "knn", "node": "audio", "k": 4},
                {"type": "complete", "source": "audio", "target": "label"},
            ],
            "method": {"type": "rrnet", "batch_size": 16, "dropout": 0.0},
        },
        "MMVAE-AVS": {"dataset": shapes, "method": {"type": "mmvae", "batch_size": 3, **MMVAE}},
    }


METHODS = ("m-LTM", "C-MCR", "LIR", "RR-Net", "MMVAE-AVS")


def metrics_of(method: str, folder: Path, devices: int, epochs: int) -> dict[str, float]:
    """Final metrics of a run."""
    train = {"epochs": epochs, "device": "cpu", "precision": "64-true", "threads": 1, "devices": devices}
    declared = {"name": f"{method}-{devices}", "output": str(folder / "runs"), "train": train, "graphml": "none"}
    run = avgraph.train(experiment_from_dict({**_experiments(folder)[method], **declared}))
    return {name: value for name, value in run.metrics.items() if "/" in name and isinstance(value, float)}
