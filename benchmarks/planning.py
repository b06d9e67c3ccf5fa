"""What docs/planning.md starts from: seconds and memory of a loss with its gradient by the size of its batch.

    OMP_NUM_THREADS=1 python -m benchmarks.planning [--batches 1024 2048 4096 8192] [--width 512] [--memory 100000]

info_nce: of two batches of rows. coupling: cost, Sinkhorn's plan at ε .05 to 1e-4 with its implicit gradient, and the
matching loss; its last column is how many iterations it took. readout: what a batch of queries reads from --memory
rows, which are C-MCR's items. Each line is a process of its own; CPU seconds of one step after a first small one, and
the largest resident memory beyond the batch. "exponent" is the slope against the line before.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Sequence
from typing import NamedTuple

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from avgraph.nn import info_nce, mahalanobis_cost, matching_loss, memory_readout, sinkhorn  # noqa: E402
from benchmarks.big import slope  # noqa: E402
from benchmarks.process_memory import forget_the_peak, in_a_process, resident  # noqa: E402

STEPS = ("info_nce", "coupling", "readout")


class Step(NamedTuple):
    """CPU seconds, MB beyond the batch, a remark."""

    seconds: float
    extra: float
    note: str


def loss_of(name: str, x: Tensor, y: Tensor) -> tuple[Tensor, str]:
    if name == "info_nce":
        return info_nce(x, y, 0.1), ""
    if name == "readout":
        return memory_readout(x, y, 0.1).square().sum(), f"{len(y)} rows"
    coupling = sinkhorn(mahalanobis_cost(x, y, torch.ones(x.shape[1]), normalize="max"), 0.05, tol=1e-4)
    return matching_loss(coupling), f"{int(coupling.n_iter)} iterations"


def measure(name: str, batch: int, width: int, memory: int) -> Step:
    """One step."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(batch, width, generator=draw)
    y = torch.randn(memory, width, generator=draw) if name == "readout" else x + torch.randn(x.shape, generator=draw)
    loss_of(name, x[:8], y[:8])
    x.requires_grad_()
    before, start = forget_the_peak(), time.process_time()
    loss, note = loss_of(name, x, y)
    loss.backward()
    return Step(time.process_time() - start, resident("VmHWM") - before, note)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--batches", type=int, nargs="+", default=[1024, 2048, 4096, 8192])
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--memory", type=int, default=100_000)
    options = parser.parse_args(argv)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.width} columns\n", flush=True)
    print("| step | batch | CPU s | exponent | extra MB | exponent | |\n|---|---|---|---|---|---|---|", flush=True)
    for name in options.steps:
        last: tuple[int, Step] | None = None
        for batch in sorted(options.batches):
            found = in_a_process(measure, name, batch, options.width, options.memory)
            slopes = ["", ""]
            if last is not None:
                pairs = zip(found[:2], last[1][:2], strict=True)
                slopes = [slope(now, then, batch, last[0]) for now, then in pairs]
            cells = (f"{found.seconds:.3f}", slopes[0], f"{found.extra:.0f}", slopes[1], found.note)
            print(f"| {name} | {batch} | {' | '.join(cells)} |", flush=True)
            last = batch, found


if __name__ == "__main__":
    main()
