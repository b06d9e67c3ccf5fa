"""Time and peak memory of one epoch of LIR at the size of VEGAS, on made-up features.

    OMP_NUM_THREADS=2 python -m benchmarks.lir_epoch

22,482 training clips, 128 and 1024 features, 10 classes, the paper's network (3 × 1024) and batch (400): an epoch of
the teacher, the graph, an epoch of the student. Seconds of the clock and of the processors (the clock also counts what
others do on the machine); MiB that the resident memory rises above the features (Linux).
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from avgraph.config import experiment_from_dict
from avgraph.datasets.clip_graph import clip_graph
from avgraph.graph.provenance import Provenance
from avgraph.methods.lir import LirOptions, LIRTask
from avgraph.runs.training import fit
from avgraph.runtime.settings import run_settings
from benchmarks.process_memory import forget_the_peak, resident


class Timed(LIRTask):
    """Clock and processor time of every epoch, and of what is inferred before it."""

    def __init__(self, options: LirOptions) -> None:
        super().__init__(options)
        self.times: list[tuple[str, float, float]] = []

    def on_train_epoch_start(self) -> None:
        self.start = now()

    def infer_graphs(self) -> None:
        before = now()
        super().infer_graphs()
        if self.current_epoch == self.starts:
            self.times.append(("graph", *since(before)))

    def on_train_epoch_end(self) -> None:
        stage = "teacher" if self.current_epoch < self.starts else "student"
        self.times.append((stage, *since(self.start)))


def since(start: tuple[float, float]) -> tuple[float, float]:
    clock, processor = now()
    return clock - start[0], processor - start[1]


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def measure(clips: int, classes: int, hidden_channels: int) -> None:
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(clips) % classes
    audio, visual = (
        torch.randn(classes, width, generator=draw)[y] + 3 * torch.randn(clips, width, generator=draw)
        for width in (128, 1024)
    )
    names = [f"class {k}" for k in range(classes)]
    graph = clip_graph(audio, visual, y, torch.zeros_like(y), names, Provenance(source="synthetic"))
    train = {"epochs": 4, "optimizer": {"type": "adam", "lr": 1e-4, "weight_decay": 0.0}}
    experiment = experiment_from_dict(
        {
            "name": "epoch",
            "dataset": {"type": "vegas"},
            "method": {"type": "lir", "teacher_epochs": 2},
            "train": {**train, "schedule": "constant", "device": "cpu", "checkpoint_every": 100},
        }
    )
    torch.manual_seed(0)
    task = Timed(LirOptions(teacher_epochs=2, hidden_channels=hidden_channels, batch_size=400))
    task.bind(graph, experiment.train, experiment.seed)
    before = forget_the_peak()
    with run_settings(None), tempfile.TemporaryDirectory() as folder:
        fit(task, experiment, Path(folder), device="cpu", quiet=True)
    print(f"{clips} clips, {classes} classes, {torch.get_num_threads()} threads")
    for stage in ("teacher", "graph", "student"):
        clock, processor = (min(row[k] for row in task.times if row[0] == stage) for k in (1, 2))
        print(f"  {stage:<8} {clock:6.1f} s by the clock, {processor:6.1f} s of processors")
    weights = sum(p.numel() for p in task.parameters()) * 4 / 2**20
    features = (audio.numel() + visual.numel()) * 4 / 2**20
    rise = resident("VmHWM") - before
    print(f"  peak {rise:.0f} MiB above the features ({features:.0f} MiB); weights alone {weights:.0f} MiB")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=22_482)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--hidden-channels", type=int, default=1024)
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", ".*torch.jit.*")
    measure(options.clips, options.classes, options.hidden_channels)


if __name__ == "__main__":
    main()
