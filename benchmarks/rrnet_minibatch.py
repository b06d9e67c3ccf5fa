"""RR-Net in batches beside the whole graph: time of an epoch and peak memory on synthetic ratings of growing size.

    OMP_NUM_THREADS=1 python -m benchmarks.rrnet_minibatch [--edges 100000 1000000 10000000] [--steps 20]
    OMP_NUM_THREADS=1 python -m benchmarks.rrnet_minibatch --million --modes batches     # a million nodes

Users rate items and both have near edges: a tenth as many users as ratings, a hundredth as many items, popular items
rated more often (a Zipf law), 8 features, width 16, near k 5, 1 + 1 units. "whole" is one step over everything;
"batches" are of 1024 users with a fan-out of 10, timed over --steps of them: the time of an epoch is the mean of these
times the number of batches, which the table says. --million is one graph of 1,000,000 nodes, ten users an item, with
5e6 ratings and 5e6 near edges.
"extra MB" is the largest resident memory of a step beyond the graph with its CSR view. Each line runs in a process of
its own, forked from one that has only imported the method. "growth" is the exponent p of time ~ edges^p from the line
before.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch_geometric.data import HeteroData  # noqa: E402

from avgraph.methods.rrnet import RrnetOptions, RRNetTask  # noqa: E402
from avgraph.options.train import TrainOptions  # noqa: E402
from benchmarks.process_memory import forget_the_peak, in_a_process, resident  # noqa: E402

MODES = ("whole", "batches")
BATCH, FAN_OUT, NEAR, WIDTH = 1024, 10, 5, 8


@dataclass(frozen=True)
class Size:
    """How many ratings, users and items."""

    ratings: int
    users: int
    items: int

    @property
    def nodes(self) -> int:
        return self.users + self.items


MILLION = Size(5_000_000, 909_091, 90_909)


def size_of(num_edges: int) -> Size:
    return Size(num_edges, num_edges // 10, max(20, num_edges // 100))


def ratings(size: Size) -> HeteroData:
    """Users, items, ratings and near edges, drawn at random."""
    rng, num_edges = np.random.default_rng(0), size.ratings
    sizes = {"user": size.users, "item": size.items}
    data = HeteroData()
    for node, count in sizes.items():
        data[node].x = torch.from_numpy(rng.normal(size=(count, WIDTH)).astype(np.float32))
        centre = torch.arange(count).repeat_interleave(NEAR)
        sender = torch.from_numpy(rng.integers(0, count, len(centre)))
        data[node, "near", node].edge_index = torch.stack([sender, centre])
    user = np.arange(num_edges) % sizes["user"]
    share = 1 / np.arange(1, sizes["item"] + 1) ** 0.8
    item = np.searchsorted(share.cumsum() / share.sum(), rng.random(num_edges))
    edges = data["user", "candidate", "item"]
    edges.edge_index = torch.from_numpy(np.stack([np.sort(user), item.clip(max=sizes["item"] - 1)]))
    edges.y = torch.from_numpy((rng.random(num_edges) < 0.5).astype(np.float32))
    edges.train_mask = torch.ones(num_edges, dtype=torch.bool)
    return data


@dataclass(frozen=True)
class Measured:
    """Seconds of an epoch, steps that were timed and that it has, MB of the graph, MB of a step beyond it, CPU s."""

    seconds: float
    timed: int
    steps: int
    held: float
    extra: float
    busy: float = 0.0


def measure(size: Size, mode: str, steps: int) -> Measured:
    """What an epoch costs."""
    empty = resident("VmRSS")
    task = bound(size, mode)
    optimizer = task.configure_optimizers()["optimizer"]
    loader = task.train_dataloader()
    held, times = forget_the_peak(), []
    for number, batch in enumerate(loader):
        if number > steps:
            break
        times.append(_step(task, optimizer, batch, number))
    if mode == "whole":
        times += [_step(task, optimizer, torch.zeros(1), number) for number in range(1, 3)]
    warm = times[1:] or times
    seconds = len(loader) * sum(warm) / len(warm)
    return Measured(seconds, len(warm), len(loader), held - empty, resident("VmHWM") - held)


def bound(size: Size, mode: str) -> RRNetTask:
    """RR-Net on the graph, with its CSR view."""
    torch.manual_seed(0)
    batches = {"batch_size": BATCH, "fan_out": FAN_OUT} if mode == "batches" else {}
    options = RrnetOptions(source="user", target="item", loss="bce", dropout=0.0, standardize=False, **batches)
    task = RRNetTask(options)
    task.bind(ratings(size), TrainOptions(), 0)
    task.log = lambda *args, **kwargs: None
    task._place()
    return task


def logits_of(size: Size, mode: str) -> Measured:
    """What the logits of all ratings cost, without training."""
    empty = resident("VmRSS")
    task = bound(size, mode).eval()
    held, start, busy = forget_the_peak(), time.perf_counter(), time.process_time()
    with torch.no_grad():
        count = len(task())
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    return Measured(seconds, count, count, held - empty, resident("VmHWM") - held, busy)


def _step(task: RRNetTask, optimizer: torch.optim.Optimizer, batch: torch.Tensor, number: int) -> float:
    start = time.perf_counter()
    optimizer.zero_grad()
    task.training_step(batch, number).backward()
    optimizer.step()
    return time.perf_counter() - start


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--million", action="store_true", help="a million nodes in place of growing graphs")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args(argv)
    sizes = [MILLION] if options.million else [size_of(num_edges) for num_edges in options.edges]
    print(f"one epoch, {torch.get_num_threads()} threads\n")
    head = ("ratings", "nodes", "way", "epoch", "steps timed", "growth", "graph MB", "extra MB")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for mode in options.modes:
        before: tuple[int, float] | None = None
        for size in sizes:
            found = in_a_process(measure, size, mode, options.steps)
            growth = ""
            if before is not None:
                growth = f"{math.log(found.seconds / before[1], size.ratings / before[0]):.2f}"
            timed = f"{found.timed} of {found.steps}" if mode == "batches" else "whole"
            print(
                f"| {size.ratings:.0e} | {size.nodes} | {mode} | {found.seconds:.1f} s | {timed} | {growth} "
                f"| {found.held:.0f} | {found.extra:.0f} |",
                flush=True,
            )
            before = (size.ratings, found.seconds)


if __name__ == "__main__":
    main()
