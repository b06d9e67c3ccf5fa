"""The same seed gives the same numbers, however many threads the machine offers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.forking import ForkServer

ROWS, CLASSES, TEXTS, WIDTH = 600, 6, 24, 96

# One process trains all four methods and prints what they end with.
PROGRAM = """\
import json
import threadpoolctl
import torch
import avgraph
from avgraph.config import experiment_from_dict
from avgraph.runs import finish

finish.draw_figures = lambda *_: []
torch.set_num_threads({offered})
threadpoolctl.threadpool_limits({offered})
assert all(pool["num_threads"] == {offered} for pool in threadpoolctl.threadpool_info())
found = {{}}
for name, text in json.loads({methods!r}).items():
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


def numbers_with(offered: list[int], folder: Path, server: ForkServer, **train: object) -> list[dict[str, list[str]]]:
    """What each method ends with in a process per number of threads on offer; nothing is shared but the data."""
    processes = []
    for threads in offered:
        own = folder / f"{threads}"
        own.mkdir()
        program = PROGRAM.format(offered=threads, methods=json.dumps(experiments(own, **train)))
        processes.append(server.start(python=program, env={"XDG_CACHE_HOME": str(own / "cache")}))
    found = []
    for process in processes:
        assert process.wait() == 0, process.error
        found.append(json.loads(process.output))
    return found


def test_numbers_do_not_depend_on_the_threads_of_the_machine(tmp_path: Path, fork_server: ForkServer) -> None:
    one, four = numbers_with([1, 4], tmp_path, fork_server)
    for method, files in one.items():
        assert four[method] == files, method
