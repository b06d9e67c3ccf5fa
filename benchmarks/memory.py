"""Readout of a memory: time and memory beside the two bare matrix products it needs and the materialised softmax.

    OMP_NUM_THREADS=1 python -m benchmarks.memory [--queries 2048] [--memory 1000 5000 20000] [--repeats 5]
    OMP_NUM_THREADS=1 python -m benchmarks.memory --growth 10000 100000 1000000 --mapped 2000000

"bare" is q @ m.T and that times m, one torch call each, which write and read the matrix [queries, memory] but take no
softmax; "softmax" is softmax(q @ m.T / τ) @ m; "fused" is torch's scaled_dot_product_attention on unit rows, which
checks and scales nothing. Goals (specs/c_mcr.md): ours ≤ 1.0 × bare, equal to softmax to 1e-5, memory that does not
depend on the memory's rows, time that grows linearly with them. Rounds are interleaved, so that a busy machine slows
all alike; medians and, as load only adds, minima. "extra MB" is the largest resident memory of one pass beyond what was
resident before, in a process of its own. --growth takes 64 queries; "growth" is the exponent p of time ~ rows^p between
the first and this line. --mapped streams a float16 file of that many rows (1 GB per million), which it deletes.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import Tensor  # noqa: E402

from avgraph.nn import memory_readout  # noqa: E402
from benchmarks.process_memory import forget_the_peak, resident, spawned  # noqa: E402

TEMPERATURE = 0.01
GROWTH_QUERIES = 64


def ours(query: Tensor, memory: Tensor) -> Tensor:
    return memory_readout(query, memory, TEMPERATURE)


def bare(query: Tensor, memory: Tensor) -> Tensor:
    return (query @ memory.T) @ memory


def softmax(query: Tensor, memory: Tensor) -> Tensor:
    return torch.softmax(query @ memory.T / TEMPERATURE, 1) @ memory


def fused(query: Tensor, memory: Tensor) -> Tensor:
    q, m = query[None, None], memory[None, None]
    return F.scaled_dot_product_attention(q, m, m, scale=1 / TEMPERATURE)[0, 0]


WAYS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"ours": ours, "bare": bare, "softmax": softmax, "fused": fused}


def rows(count: int, width: int, seed: int, device: str) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    result = torch.empty(count, width)
    for part in result.split(65536):
        part.normal_(generator=draw)
        part /= part.norm(dim=1, keepdim=True)
    return result.to(device)


def measure(names: list[str], query: Tensor, memory: Tensor, repeats: int) -> dict[str, list[float]]:
    """Seconds of each, one after the other in every round; the first round warms up."""
    times: dict[str, list[float]] = {name: [] for name in names}
    for round_ in range(repeats + 1):
        for name in names:
            start = time.perf_counter()
            WAYS[name](query, memory)
            if query.is_cuda:
                torch.cuda.synchronize()
            if round_:
                times[name].append(time.perf_counter() - start)
    return times


def _peak(name: str, shape: tuple[int, int, int], gradient: bool) -> float:
    queries, memory_rows, width = shape
    query, memory = rows(queries, width, 0, "cpu").requires_grad_(gradient), rows(memory_rows, width, 1, "cpu")
    WAYS[name](query[:2].detach(), memory[:2])  # what the first call of a library loads
    before = forget_the_peak()
    out = WAYS[name](query, memory)
    if gradient:
        out.sum().backward()
    return resident("VmHWM") - before


def peak(name: str, shape: tuple[int, int, int], gradient: bool = False) -> float:
    """Largest extra resident memory of one pass in MB; NaN where the system does not tell (not Linux)."""
    return spawned(_peak, name, shape, gradient)


def against_bare(options: argparse.Namespace) -> None:
    print("| queries | memory | ours s | bare s | softmax s | fused s | ours/bare (min) | largest error |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for count in options.memory:
        query = rows(options.queries, options.width, 0, options.device)
        memory = rows(count, options.width, 1, options.device)
        times = measure(list(WAYS), query, memory, options.repeats)
        s = {name: statistics.median(values) for name, values in times.items()}
        error = float((ours(query, memory) - softmax(query, memory)).abs().max())
        print(
            f"| {options.queries:,} | {count:,} | {s['ours']:.3f} | {s['bare']:.3f} | {s['softmax']:.3f} "
            f"| {s['fused']:.3f} | {s['ours'] / s['bare']:.3f} ({min(times['ours']) / min(times['bare']):.3f}) "
            f"| {error:.1e} |",
            flush=True,
        )


def memory_taken(options: argparse.Namespace) -> None:
    print("\n| queries | memory | ours MB | ours with gradient MB | bare MB | softmax MB |\n|---|---|---|---|---|---|")
    for count in options.memory:
        shape = (options.queries, count, options.width)
        taken = [peak("ours", shape), peak("ours", shape, True), peak("bare", shape), peak("softmax", shape)]
        print(f"| {options.queries:,} | {count:,} | {' | '.join(f'{value:.0f}' for value in taken)} |", flush=True)


def growth(options: argparse.Namespace) -> None:
    print("\n| queries | memory | ours s | µs per row | growth |\n|---|---|---|---|---|")
    query, first = rows(GROWTH_QUERIES, options.width, 0, options.device), None
    memory = rows(max(options.growth), options.width, 1, options.device)
    for count in sorted(options.growth):
        seconds = statistics.median(measure(["ours"], query, memory[:count], options.repeats)["ours"])
        first = first or (count, seconds)
        exponent = "-"
        if count > first[0]:
            exponent = f"{math.log(seconds / first[1]) / math.log(count / first[0]):.2f}"
        each = 1e6 * seconds / count
        print(f"| {GROWTH_QUERIES} | {count:,} | {seconds:.3f} | {each:.2f} | {exponent} |", flush=True)


def mapped(options: argparse.Namespace) -> None:
    part = rows(20_000, options.width, 1, "cpu").half().numpy()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memory.npy"
        file = np.lib.format.open_memmap(path, "w+", np.float16, (options.mapped, options.width))
        for start in range(0, options.mapped, len(part)):
            file[start : start + len(part)] = part[: options.mapped - start]
        del file
        memory, query = np.load(path, mmap_mode="r"), rows(GROWTH_QUERIES, options.width, 0, "cpu")
        memory_readout(query, part[:10], TEMPERATURE)
        before = forget_the_peak()
        start_time = time.perf_counter()
        memory_readout(query, memory, TEMPERATURE)
        seconds, extra = time.perf_counter() - start_time, resident("VmHWM") - before
        print(
            f"\nmapped float16 file of {options.mapped:,} × {options.width} ({path.stat().st_size / 2**20:.0f} MB), "
            f"{GROWTH_QUERIES} queries: {seconds:.1f} s, {extra:.0f} MB resident beyond before"
        )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=2048)
    parser.add_argument(
        "--memory", type=int, nargs="*", default=[1_000, 5_000, 20_000], help="rows; none skips the table"
    )
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--growth", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--mapped", type=int, default=0, help="rows of a file to stream; 0 skips it")
    parser.add_argument("--no-peak", action="store_true", help="skip the table of memory taken")
    parser.add_argument("--device", default="cpu", help="of the tables of time")
    options = parser.parse_args(argv)
    threads = torch.get_num_threads()
    print(f"torch {torch.__version__}, {options.device}, {threads} threads, float32, τ = {TEMPERATURE}", flush=True)
    with torch.no_grad():
        if options.memory:
            against_bare(options)
        if options.growth:
            growth(options)
        if options.mapped:
            mapped(options)
    if options.memory and not options.no_peak:
        memory_taken(options)


if __name__ == "__main__":
    main()
