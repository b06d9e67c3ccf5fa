"""Training on several processes against one: losses, gradients, final metrics, time.

    python -m benchmarks.distributed                 # differences of every loss on 2 and 4 processes, in float64
    python -m benchmarks.distributed --runs          # and of the final metrics of a run of every method
    python -m benchmarks.distributed --time          # seconds of a step: two processes against one with two threads

Differences are the largest absolute ones, of gradients over all parameters and all ranks. gloo, on the CPU.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch.multiprocessing.spawn import spawn

from benchmarks.defaults.tables import markdown
from benchmarks.distributed.runs import METHODS, metrics_of, write_files
from benchmarks.distributed.speed import SIZES, time_rank
from benchmarks.distributed.steps import Found, all_steps, work


def step_table(worlds: Sequence[int], folder: str) -> list[list[str]]:
    """Case, then loss and gradient for every world size."""
    alone, others = all_steps(), dict[int, list[Found]]()
    for world in worlds:
        spawn(work, args=(world, folder), nprocs=world)
        others[world] = [torch.load(Path(folder, f"{world}-{rank}.pt")) for rank in range(world)]
    table = []
    for name, own in alone.items():
        row = [name, f"{float(own['loss']):.4f}"]
        for world in worlds:
            found = [{key: float((each[name][key] - own[key]).abs().max()) for key in own} for each in others[world]]
            row.append(f"{max(each['loss'] for each in found):.0e}")
            row.append(f"{max(value for each in found for key, value in each.items() if key != 'loss'):.0e}")
        table.append(row)
    return table


def run_table(worlds: Sequence[int], epochs: int, folder: Path) -> list[list[str]]:
    """Method, number of metrics, the largest difference for every world size."""
    write_files(folder)
    table = []
    for method in METHODS:
        alone = metrics_of(method, folder, 1, epochs)
        row = [method, str(len(alone))]
        for world in worlds:
            other = metrics_of(method, folder, world, epochs)
            row.append(f"{max(abs(other[name] - value) for name, value in alone.items()):.0e}")
        table.append(row)
    return table


def time_table(steps: int, folder: str) -> list[list[str]]:
    """Step, milliseconds of one process with two threads and of two with one each, their ratio."""
    for world, threads in ((1, 2), (2, 1)):
        spawn(time_rank, args=(world, threads, steps, folder), nprocs=world)
    one, two = (torch.load(Path(folder, f"time-{world}.pt")) for world in (1, 2))
    return [
        [name, f"{1e3 * one[name]:.0f}", f"{1e3 * two[name]:.0f}", f"{two[name] / one[name]:.2f}"] for name in SIZES
    ]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", type=int, default=[2, 4], help="numbers of processes")
    parser.add_argument("--runs", action="store_true", help="also train a run of every method")
    parser.add_argument("--epochs", type=int, default=5, help="of these runs")
    parser.add_argument("--time", action="store_true", help="only time steps")
    parser.add_argument("--steps", type=int, default=20, help="that are timed")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        if options.time:
            head = ["step", "1 process × 2 threads, ms", "2 processes × 1 thread, ms", "ratio"]
            print(markdown(head, time_table(options.steps, folder)))
            return
        torch.set_num_threads(1)
        head = ["loss", "value"] + [f"{what}, {world}" for world in options.worlds for what in ("loss", "gradient")]
        print(markdown(head, step_table(options.worlds, folder)), flush=True)
        if options.runs:
            head = ["run", "metrics"] + [f"largest difference, {world}" for world in options.worlds]
            print(markdown(head, run_table(options.worlds, options.epochs, Path(folder))))


if __name__ == "__main__":
    main()
