"""Transforms on many rows: seconds and memory beyond inputs and outputs, from 1e4 rows on, with their exponents.

    OMP_NUM_THREADS=1 python -m benchmarks.big [--transforms knn bipartite approximate candidates memory coupling along]
    OMP_NUM_THREADS=1 python -m benchmarks.big --transforms knn approximate --sizes 1000000 --queries 1024
    OMP_NUM_THREADS=1 python -m benchmarks.big --transforms rrnet_whole rrnet_batches --sizes 1000000 10000000
    OMP_NUM_THREADS=1 python -m benchmarks.big --peers --sizes 10000 30000

Rows of --width columns lie around a hundredth as many centres, two of one centre with a cosine of about .5, in a .npy
file that is mapped; each line is a process of its own. "extra MB" is the largest resident memory while the transform
works beyond what was resident before, less its edges: pages of mapped files that are read count. "exponent" is the
slope of log CPU time and of log extra memory on log rows from the line before.

knn: ten neighbours of each row. bipartite: ten rows of each of as many others. approximate: knn in --lists lists, with
the share found. candidates: ten of --targets scores. memory: the ten of as many memory rows that each attends to.
coupling: Sinkhorn's of all pairs, ε .1. along: the same along the ten edges of each row. rrnet_*: RR-Net's logits of
that many ratings, of the whole graph or a part at a time. --queries asks knn, approximate, bipartite and memory for
so many rows only; a part of the time does not depend on how many are asked for. --peers compares
exact neighbours with scikit-learn and faiss by the CPU's seconds of all threads, which a busy machine leaves alone, and
says by how much similarities differ at most.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402
import torch  # noqa: E402
from torch_geometric.data import HeteroData  # noqa: E402

from avgraph.graph.provenance import Provenance  # noqa: E402
from avgraph.transforms import KNN, Candidates, CouplingEdges, MemoryEdges  # noqa: E402
from benchmarks.process_memory import forget_the_peak, in_a_process, resident  # noqa: E402
from benchmarks.rrnet_minibatch import logits_of, size_of  # noqa: E402

K, EPSILON, TEMPERATURE, ROWS_A_CENTRE = 10, 0.1, 0.01, 100
ASKED = ("knn", "bipartite", "approximate", "memory")  # those that a few rows can be asked of

Array = npt.NDArray[Any]


class Task(NamedTuple):
    """What is measured, on how many rows, with what else."""

    name: str
    rows: int
    options: argparse.Namespace
    folder: str


class Measured(NamedTuple):
    """Seconds of the CPU and of the clock, MB beyond inputs and outputs, and a remark."""

    busy: float
    seconds: float
    extra: float
    note: str = ""


def write_rows(path: Path, count: int, width: int, seed: int) -> None:
    """Rows around centres, in the order in which they are drawn."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(max(1, count // ROWS_A_CENTRE), width)).astype(np.float32)
    file = np.lib.format.open_memmap(path, "w+", np.float32, (count, width))
    rng = np.random.default_rng(seed)
    for start in range(0, count, 16384):
        part = file[start : start + 16384]
        part[:] = centres[rng.integers(0, len(centres), len(part))] + rng.normal(size=part.shape).astype(np.float32)
    file.flush()


def mapped(task: Task, seed: int, width: int | None = None) -> Array:
    """Rows that are written once a run."""
    width = width or task.options.width
    path = Path(task.folder, f"{task.rows}-{width}-{seed}.npy")
    if not path.exists():
        write_rows(path, task.rows, width, seed)
    rows: Array = np.load(path, mmap_mode="r")
    return rows


def graph_of(task: Task) -> tuple[HeteroData, Callable[[HeteroData], HeteroData]]:
    """The graph and the transform."""
    data, options = HeteroData(), task.options
    if task.name == "candidates":
        data["row"].score = mapped(task, 1, options.targets)
        data["target"].num_nodes = options.targets
        data["row"].num_nodes = task.rows
        return data, Candidates("row", "target", K)
    data["row"].x = mapped(task, 1)
    few = slice(None, options.queries)
    if task.name in ("knn", "approximate"):
        lists = options.lists if task.name == "approximate" else None
        if options.queries is None:
            return data, KNN("row", K, approximate=lists)
        data["other"].x = data["row"].x[few]
        return data, KNN("row", K, target="other", approximate=lists)
    data["other"].x = mapped(task, 2)[few if task.name in ASKED else slice(None)]
    if task.name == "bipartite":
        return data, KNN("row", K, target="other")
    if task.name == "memory":
        return data, MemoryEdges("row", "other", K, temperature=TEMPERATURE)
    if task.name == "along":
        centre = torch.arange(task.rows).repeat_interleave(K)
        apart = torch.randint(0, 50, centre.shape, generator=torch.Generator().manual_seed(0))
        apart[::K] = 0  # every row has a partner that is its own: a coupling there is
        near = (centre + apart) % task.rows
        data["row", "near", "other"].edge_index = torch.stack([near, centre])
        return data, CouplingEdges("row", "other", epsilon=EPSILON, along="near", scale="edges", tol=1e-3, threshold=0)
    return data, CouplingEdges("row", "other", epsilon=EPSILON, tol=1e-3)


def measure(task: Task) -> Measured:
    """One line of the table, in a process of its own."""
    if task.name.startswith("rrnet"):
        found = logits_of(size_of(task.rows), task.name.removeprefix("rrnet_"))
        return Measured(found.busy, found.seconds, found.extra, f"graph {found.held:.0f} MB")
    data, transform = graph_of(task)
    if task.name == "approximate":
        import faiss  # noqa: F401
    before, start, busy = forget_the_peak(), time.perf_counter(), time.process_time()
    found = transform(data)
    seconds, extra = time.perf_counter() - start, resident("VmHWM") - before
    busy = time.process_time() - busy
    made = sum(value.nbytes for kind in found.edge_types for value in found[kind].values() if hasattr(value, "nbytes"))
    return Measured(busy, seconds, extra - made / 2**20, Provenance.of(found).note or "")


def slope(now: float, before: float, rows: int, rows_before: int) -> str:
    """The exponent p of rows^p."""
    return f"{math.log(max(now, 1e-9) / max(before, 1e-9), rows / rows_before):.2f}"


def table(options: argparse.Namespace, folder: str) -> None:
    head = ("transform", "rows", "asked", "CPU s", "exponent", "clock s", "extra MB", "exponent", "")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    for name in options.transforms:
        last: tuple[int, Measured] | None = None
        for rows in sorted(options.sizes):
            found = in_a_process(measure, Task(name, rows, options, folder))
            slopes = ["", ""]
            if last is not None:
                slopes = [slope(getattr(found, key), getattr(last[1], key), rows, last[0]) for key in ("busy", "extra")]
            asked = min(rows, options.queries or rows) if name in ASKED else rows
            spent = (f"{found.busy:.2f}", slopes[0], f"{found.seconds:.2f}", f"{found.extra:.0f}", slopes[1])
            cells = (name, f"{rows:.0e}", f"{asked}", *spent)
            print(f"| {' | '.join((*cells, found.note))} |", flush=True)
            last = rows, found


def peers(options: argparse.Namespace, folder: str) -> None:
    """Exact neighbours by this package, scikit-learn and faiss, in turn on the same rows in memory."""
    import faiss
    from sklearn.neighbors import NearestNeighbors

    from avgraph.transforms import nearest_neighbours

    def ours(x: Array) -> Array:
        return nearest_neighbours(x, K)[1].numpy()

    def scikit_learn(x: Array) -> Array:
        distance, _ = NearestNeighbors(n_neighbors=K + 1, metric="cosine", algorithm="brute").fit(x).kneighbors(x)
        similarity: Array = 1 - distance[:, 1:]
        return similarity

    def faiss_flat(x: Array) -> Array:
        unit = x / np.linalg.norm(x, axis=1, keepdims=True)
        index = faiss.IndexFlatIP(x.shape[1])
        index.add(unit)
        similarity: Array = index.search(unit, K + 1)[0][:, 1:]
        return similarity

    faiss.omp_set_num_threads(torch.get_num_threads())
    head = ("rows", "ours CPU s", "scikit-learn", "faiss IndexFlatIP", "ours / scikit-learn", "ours / faiss", "error")
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    for rows in sorted(options.sizes):
        x = np.array(mapped(Task("knn", rows, options, folder), 1))
        times: dict[str, list[float]] = {}
        for _ in range(options.repeats):
            found = {}
            for way in (ours, scikit_learn, faiss_flat):
                start = time.process_time()
                found[way.__name__] = way(x)
                times.setdefault(way.__name__, []).append(time.process_time() - start)
        error = max(float(np.abs(found["ours"] - other).max()) for other in found.values())
        a, b, c = (min(each) for each in times.values())
        print(f"| {rows} | {a:.2f} | {b:.2f} | {c:.2f} | {a / b:.2f} | {a / c:.2f} | {error:.1e} |", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = (*ASKED, "candidates", "coupling", "along")
    parser.add_argument("--transforms", nargs="+", choices=(*every, "rrnet_whole", "rrnet_batches"), default=every)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000])
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--lists", type=int, default=8)
    parser.add_argument("--queries", type=int, default=None)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--repeats", type=int, default=1, help="rounds of --peers, of which the fastest count")
    options = parser.parse_args(argv)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.width} columns\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        (peers if options.peers else table)(options, folder)


if __name__ == "__main__":
    main()
