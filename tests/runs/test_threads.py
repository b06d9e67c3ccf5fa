"""The same seed gives the same numbers, however many threads the machine offers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROWS, CLASSES, TEXTS, WIDTH = 600, 6, 24, 96

# One process trains all four methods and prints what they end with.
PROGRAM = """\
import json, sys
import torch
import avgraph
from avgraph.config import experiment_from_dict
from avgraph.runs import finish

finish.draw_figures = lambda *_: []
methods, offered = json.loads(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(offered)
found = {}
for name, text in methods.items():
    run = avgraph.train(experiment_from_dict(text))
    found[name] = [(run.directory / file).read_text() for file in ("metrics.json", "metrics.jsonl")]
print(json.dumps(found))
"""


def experiments(folder: Path, **train: object) -> dict[str, dict[str, object]]:
    """Every method for a few epochs, on arrays large enough that PyTorch splits its sums among threads."""
    rng = np.random.default_rng(0)
    y = np.arange(ROWS) % CLASSES

    def unit(x: np.ndarray) -> np.ndarray:
        return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)

    for name in ("one", "other"):
        x = rng.normal(size=(CLASSES, WIDTH))[y] + 2 * rng.normal(size=(ROWS, WIDTH))
        np.save(folder / f"{name}.npy", unit(x))
    np.save(folder / "y.npy", y)
    for name, count in (("class", CLASSES), ("text", TEXTS)):
        np.save(folder / f"{name}.npy", rng.normal(size=(count, 24)).astype(np.float32))
        np.save(folder / f"{name}_y.npy", np.arange(count))
    np.save(folder / "text_of.npy", np.arange(ROWS) % TEXTS)
    np.save(folder / "split.npy", np.array(["train", "train", "test"])[np.arange(ROWS) // CLASSES % 3])
    one = {"x": "one.npy", "y": "y.npy", "split": "split.npy"}
    files = {"type": "files", "root": str(folder)}
    labelled = {**files, "nodes": {"audio": one, "label": {"x": "class.npy", "y": "class_y.npy"}}}
    texts = {**files, "nodes": {"audio": {**one, "y": "text_of.npy"}, "text": {"x": "text.npy", "y": "text_y.npy"}}}
    clips = {**files, "nodes": {"audio": one, "visual": {**one, "x": "other.npy"}}}
    spaces = {
        "type": "spaces",
        "root": str(folder),
        "spaces": {"a": {"text": "one.npy", "sound": "one.npy"}, "b": {"text": "other.npy", "picture": "other.npy"}},
        "held_out": {
            "audio": {"x": {"a": "one.npy"}, "y": "y.npy"},
            "image": {"x": {"b": "other.npy"}, "y": "y.npy"},
        },
    }
    graph = [{"type": "knn", "node": "audio", "k": 5}, {"type": "complete", "source": "audio", "target": "label"}]
    adam = {"optimizer": {"type": "adam", "lr": 0.003}, "device": "cpu", **train}
    shared = {"output": str(folder / "runs"), "seed": 1}
    return {
        "rrnet": {
            "dataset": labelled, "graph": graph, "method": {"type": "rrnet", "hidden_channels": 32},
            "train": {"epochs": 2, **adam}, **shared,
        },
        "lir": {
            "dataset": clips, "graph": [], "train": {"epochs": 2, **adam}, **shared,
            "method": {"type": "lir", "hidden_channels": 256, "teacher_epochs": 1, "restarts": 1},
        },
        "mltm": {
            "dataset": texts, "graph": [], "train": {"epochs": 1, **adam}, **shared,
            "method": {"type": "mltm", "hidden_channels": 256, "shared_channels": 128},
        },
        "cmcr": {
            "dataset": spaces, "train": {"epochs": 2, **adam}, **shared,
            "method": {"type": "cmcr", "hidden_channels": 256, "channels": 128, "batch_size": 512},
        },
    }  # fmt: skip


def numbers_with(offered: list[int], folder: Path, **train: object) -> list[dict[str, list[str]]]:
    """What each method ends with in a process per number of threads on offer; nothing is shared but the data."""
    processes = []
    for threads in offered:
        own = folder / f"{threads}"
        own.mkdir()
        counts = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        command = [sys.executable, "-c", PROGRAM, json.dumps(experiments(own, **train)), str(threads)]
        counts["OMP_WAIT_POLICY"] = "PASSIVE"  # more threads than cores would wait for each other at full speed
        environment = {**os.environ, **counts, "XDG_CACHE_HOME": str(own / "cache")}
        processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    return [json.loads(process.communicate(timeout=300)[0]) for process in processes]


def test_numbers_do_not_depend_on_the_threads_of_the_machine(tmp_path: Path) -> None:
    one, four = numbers_with([1, 4], tmp_path)
    for method, files in one.items():
        assert four[method] == files, method
