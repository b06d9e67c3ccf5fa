"""Steps on a GPU: time against bare products, peak memory, torch.compile, bfloat16, CUDA graphs.

    make bench-gpu                                       # python -m benchmarks.gpu --device cuda
    python -m benchmarks.gpu --device cpu --scale 0.1    # the same without a GPU, but for graphs

Milliseconds of forward and backward, the median of some; the memory is the most that a step adds to what it is given
(CUDA's allocator; on a CPU what the process has in use at most, pages of 4 KiB). A cell says why it has no number.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Sequence

import torch

from avgraph.errors import AvgraphError
from benchmarks.defaults.tables import markdown
from benchmarks.gpu.work import Work, cases
from benchmarks.process_memory import forget_the_peak, resident

HEAD = ("step", "ms", "bare products, ms", "ratio", "memory, MiB", "compiled, ms", "bfloat16, ms", "CUDA graph, ms")


def seconds(work: Callable[[], object], device: str, repeats: int) -> float:
    """The median of some, after two that do not count."""
    spent = []
    for _ in range(repeats + 2):
        wait(device)
        start = time.perf_counter()
        work()
        wait(device)
        spent.append(time.perf_counter() - start)
    return statistics.median(spent[2:])


def wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def memory(work: Callable[[], object], device: str) -> float:
    """MiB that a step adds at most."""
    if device.startswith("cuda"):
        allocated = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        work()
        return (torch.cuda.max_memory_allocated() - allocated) / 2**20
    forget_the_peak()  # the high-water mark falls to what is in use
    before = resident("VmHWM")
    work()
    return max(0.0, resident("VmHWM") - before)


def graphed(work: Work) -> Callable[[], object]:
    """The step as a CUDA graph, which nothing in it may wait for."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            work.step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work.step()
    return graph.replay


def in_half(work: Work, device: str) -> Callable[[], object]:
    def step() -> object:
        with torch.autocast(device.partition(":")[0], torch.bfloat16):
            return work.step()

    return step


def row(name: str, make: Callable[[str], Work], options: argparse.Namespace) -> list[str]:
    """All cells of a step."""
    device, repeats = options.device, options.repeats
    try:
        work = make(device)
        took = seconds(work.step, device, repeats)
    except AvgraphError:
        return [name, *["not installed"] * (len(HEAD) - 1)]
    bare = seconds(work.bare, device, repeats)
    more = memory(work.step, device)

    def cell(prepare: Callable[[], Callable[[], object]]) -> str:
        try:
            return f"{1e3 * seconds(prepare(), device, repeats):.2f}"
        except Exception as error:  # what a compiler or a capture cannot do, told in its own words
            return type(error).__name__

    def compiled() -> Callable[[], object]:
        torch.compiler.reset()
        forward = torch.compile(work.forward, backend=options.backend)
        return Work(forward, work.inputs, work.bare, work.modules).step

    return [
        name, f"{1e3 * took:.2f}", f"{1e3 * bare:.2f}", f"{took / bare:.1f}", f"{more:.0f}",
        cell(compiled) if options.backend != "none" else "",
        cell(lambda: in_half(work, device)),
        cell(lambda: graphed(work)) if device.startswith("cuda") else "no CUDA",
    ]  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1 or cpu")
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--backend", default="inductor", help="of torch.compile; none leaves it out")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore")  # what a compiler has to say
    logging.getLogger("torch").setLevel(logging.ERROR)
    if options.device.startswith("cuda") and not torch.cuda.is_available():
        parser.exit(2, "no CUDA device on this machine; --device cpu runs the same on the CPU\n")
    print(f"torch {torch.__version__}, {options.device}, {torch.get_num_threads()} threads")
    print(markdown(HEAD, []), flush=True)
    for name, make in cases(options.scale).items():
        print(f"| {' | '.join(row(name, make, options))} |", flush=True)


if __name__ == "__main__":
    main()
