"""Seconds of one training step of C-MCR at the paper's size, on made-up rows.

    OMP_NUM_THREADS=2 python -m benchmarks.cmcr_step [--batch 10240] [--steps 3] [--device cuda]

Two spaces of 512 columns, projectors 512-1024-512, texts in batches of 10,240, readouts computed before. A step is
forward, backward and AdamW; "bare" are the matrix products that its two contrasts cannot do without: a table [b, b]
each from rows of 512, and back for both sides. The paper's epoch has 2.33 M texts, 228 such steps; it is not run here.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch_geometric.data import HeteroData  # noqa: E402

from avgraph.config import experiment_from_dict  # noqa: E402
from avgraph.methods.cmcr import CmcrOptions, CMCRTask  # noqa: E402
from avgraph.runs.training import fit  # noqa: E402
from avgraph.runtime.settings import run_settings  # noqa: E402

WIDTH, MEMORY, PAPER_STEPS = 512, 1000, 228


class Timed(CMCRTask):
    """Seconds of every step, from the end of the one before."""

    def on_train_epoch_start(self) -> None:
        self.seconds: list[float] = []
        self.last = now()

    def on_train_batch_end(self, *_: Any) -> None:
        self.seconds.append(now() - self.last)
        self.last = now()


def now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def unit_rows(count: int, seed: int) -> Tensor:
    return torch.nn.functional.normalize(torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed)))


def bare(batch: int, device: str) -> float:
    """Seconds of six products [b, 512] × [512, b] or [b, b] × [b, 512]."""
    one, two = unit_rows(batch, 0).to(device), unit_rows(batch, 1).to(device)
    start = now()
    for _ in range(2):
        table = one @ two.T
        _ = table @ two, table.T @ one
    return now() - start


def measure(batch: int, steps: int, device: str) -> None:
    graph = HeteroData()
    graph["text"].x_clap, graph["text"].x_clip = unit_rows(batch * steps, 2), unit_rows(batch * steps, 3)
    graph["sounds"].x_clap, graph["pictures"].x_clip = unit_rows(MEMORY, 4), unit_rows(MEMORY, 5)
    optimizer = {"type": "adamw", "lr": 1e-3, "weight_decay": 0.01}
    experiment = experiment_from_dict(
        {
            "name": "step",
            "dataset": {"type": "esc50_cifar10_spaces"},
            "method": {"type": "cmcr", "batch_size": batch},
            "train": {"epochs": 1, "optimizer": optimizer, "schedule": "constant", "device": device},
        }
    )
    task = Timed(CmcrOptions(batch_size=batch, hidden_channels=1024, channels=512))
    task.bind(graph, experiment.train, experiment.seed)
    with run_settings(None), tempfile.TemporaryDirectory() as folder:
        fit(task, experiment, Path(folder), device=device, quiet=True)
    seconds = statistics.median(task.seconds[1:] or task.seconds)
    products = min(bare(batch, device) for _ in range(3))
    print(f"torch {torch.__version__}, {device}, {torch.get_num_threads()} threads, batch {batch:,}")
    print(f"step {seconds:.2f} s, {seconds / products:.2f} × the bare products ({products:.2f} s)")
    print(f"an epoch of 2.33 M texts would take {PAPER_STEPS * seconds / 60:.0f} min (extrapolated)")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=10_240)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(argv)
    measure(options.batch, options.steps, options.device)


if __name__ == "__main__":
    main()
