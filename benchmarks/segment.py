"""Sums over the edges of a node, gathers and edge softmax beside torch's own operations and torch-scatter's.

    OMP_NUM_THREADS=1 python -m benchmarks.segment [--edges 100000 1000000] [--channels 1 16 64] [--types float64]

Ten edges a node. "ours" is what the layers call (`avgraph.nn.edges.segment`) with torch alone, and with torch-scatter's
`segment_csr` and `gather_csr` (`avgraph.nn.segment_backend`); "segment" is torch.segment_reduce, "index_add" plain
torch; the columns of torch-scatter (``pip install 'avgraph[scatter]'``) are empty where it is not installed.
Milliseconds, the least of some rounds, which are interleaved; before, all are checked to agree.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from avgraph.nn import segment_backend
from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.segment import edge_softmax, gather_rows, segment_sum

Work = Callable[[], Tensor]
COLUMNS = ("ours", "ours by torch-scatter", "segment", "index_add", "torch-scatter scatter")
TYPES = {"float32": torch.float32, "float64": torch.float64}


HAS_SCATTER = importlib.util.find_spec("torch_scatter") is not None


def ours(work: Work) -> dict[str, Work]:
    """By torch alone, and by torch-scatter."""

    def by(backend: str) -> Tensor:
        with segment_backend(backend):
            return work()

    found: dict[str, Work] = {"ours": lambda: by("torch")}
    return found | ({"ours by torch-scatter": lambda: by("scatter")} if HAS_SCATTER else {})


def sums(x: Tensor, side: Side) -> dict[str, Work]:
    """The sum of each node's edges; one of torch's wants them grouped by node."""
    degree, index = side.degree, side.index

    def grouped() -> Tensor:
        return x if side.is_grouped else x[side.order]

    found = ours(lambda: segment_sum(x, side)) | {
        "segment": lambda: torch.segment_reduce(grouped(), "sum", lengths=degree, unsafe=True),
        "index_add": lambda: x.new_zeros(side.num_nodes, x.shape[1]).index_add(0, index, x),
    }
    if HAS_SCATTER:
        from torch_scatter import scatter

        found["torch-scatter scatter"] = lambda: scatter(x, index, 0, dim_size=side.num_nodes, reduce="sum")
    return found


def gathers(x: Tensor, side: Side) -> dict[str, Work]:
    """The row of each edge's node."""
    return ours(lambda: gather_rows(x, side)) | {"index_add": lambda: x[side.index]}


def softmaxes(score: Tensor, side: Side) -> dict[str, Work]:
    """The share of each edge among those of its node."""
    found = ours(lambda: edge_softmax(score, side))
    if HAS_SCATTER:
        from torch_scatter.composite import scatter_softmax

        found["torch-scatter scatter"] = lambda: scatter_softmax(score, side.index, 0, dim_size=side.num_nodes)
    return found


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def least(work: Mapping[str, Work], repeats: int) -> dict[str, float]:
    """Milliseconds of each, in rounds."""
    expected = next(iter(work.values()))()
    for name, each in work.items():
        torch.testing.assert_close(each(), expected, rtol=1e-4, atol=1e-4, msg=name)
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, each in work.items():
            wait(expected.device)
            start = time.perf_counter()
            each()
            wait(expected.device)
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: min(values) for name, values in times.items()}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--channels", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--types", choices=TYPES, nargs="+", default=["float32"])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # torch-scatter compiles by torch.jit
    draw = torch.Generator().manual_seed(0)
    print(f"{options.device}, threads {torch.get_num_threads()}, milliseconds")
    print(f"| operation | type | edges | channels | order | {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * (5 + len(COLUMNS))}")
    for edges in options.edges:
        nodes = max(1, edges // 10)
        drawn = torch.randint(0, nodes, (edges,), generator=draw)
        for order, index in (("grouped", drawn.sort().values), ("drawn", drawn)):
            side = Side.from_index(index, nodes).to(options.device)
            for name in options.types:
                for channels in options.channels:
                    drawn_rows = (torch.randn(n, channels, generator=draw) for n in (edges, nodes))
                    x, of_node = (one.to(options.device, TYPES[name]) for one in drawn_rows)
                    show(("sum", name, edges, channels, order), least(sums(x, side), options.repeats))
                    show(("gather", name, edges, channels, order), least(gathers(of_node, side), options.repeats))
                score = torch.randn(edges, generator=draw).to(options.device, TYPES[name])
                show(("softmax", name, edges, 1, order), least(softmaxes(score, side), options.repeats))


def show(row: Sequence[str | int], times: Mapping[str, float]) -> None:
    cells = [f"{times[name]:.2f}" if name in times else "" for name in COLUMNS]
    print(f"| {' | '.join(map(str, [*row, *cells]))} |", flush=True)


if __name__ == "__main__":
    main()
