"""Sums over the edges of a node, gathers and edge softmax beside torch's own operations and torch-scatter's.

    OMP_NUM_THREADS=1 python -m benchmarks.segment [--edges 100000 1000000] [--channels 16 64] [--repeats 7]

Ten edges a node. "ours" is what the layers call (`avgraph.nn.edges.segment`); "segment" is torch.segment_reduce,
"index_add" and "softmax" plain torch; the columns of torch-scatter (``pip install 'avgraph[scatter]'``) are empty where
it is not installed. Milliseconds, the least of some rounds, which are interleaved; before, all are checked to agree.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.segment import edge_softmax, gather_rows, segment_sum

Work = Callable[[], Tensor]
COLUMNS = ("ours", "segment", "index_add", "torch-scatter segment_csr", "torch-scatter scatter")


def sums(x: Tensor, side: Side, is_grouped: bool) -> dict[str, Work]:
    """The sum of each node's edges; two of torch's and torch-scatter's want them grouped by node."""
    degree, index = side.degree, side.index

    def grouped() -> Tensor:
        return x if is_grouped else x[side.order]

    found: dict[str, Work] = {
        "ours": lambda: segment_sum(x, side),
        "segment": lambda: torch.segment_reduce(grouped(), "sum", lengths=degree, unsafe=True),
        "index_add": lambda: x.new_zeros(side.num_nodes, x.shape[1]).index_add(0, index, x),
    }
    if importlib.util.find_spec("torch_scatter"):
        from torch_scatter import scatter, segment_csr

        found |= {
            "torch-scatter segment_csr": lambda: segment_csr(grouped(), side.pointer, reduce="sum"),
            "torch-scatter scatter": lambda: scatter(x, index, 0, dim_size=side.num_nodes, reduce="sum"),
        }
    return found


def gathers(x: Tensor, side: Side, is_grouped: bool) -> dict[str, Work]:
    """The row of each edge's node."""
    found: dict[str, Work] = {"ours": lambda: gather_rows(x, side), "index_add": lambda: x[side.index]}
    if is_grouped and importlib.util.find_spec("torch_scatter"):
        from torch_scatter import gather_csr

        found["torch-scatter segment_csr"] = lambda: gather_csr(x, side.pointer)
    return found


def softmaxes(score: Tensor, side: Side) -> dict[str, Work]:
    """The share of each edge among those of its node."""
    found: dict[str, Work] = {"ours": lambda: edge_softmax(score, side)}
    if importlib.util.find_spec("torch_scatter"):
        from torch_scatter.composite import scatter_softmax

        found["torch-scatter scatter"] = lambda: scatter_softmax(score, side.index, 0, dim_size=side.num_nodes)
    return found


def least(work: Mapping[str, Work], repeats: int) -> dict[str, float]:
    """Milliseconds of each, in rounds."""
    expected = next(iter(work.values()))()
    for name, each in work.items():
        torch.testing.assert_close(each(), expected, rtol=1e-4, atol=1e-4, msg=name)
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(repeats):
        for name, each in work.items():
            start = time.perf_counter()
            each()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: min(values) for name, values in times.items()}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--channels", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args(argv)
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # torch-scatter compiles by torch.jit
    draw = torch.Generator().manual_seed(0)
    print(f"threads {torch.get_num_threads()}, milliseconds")
    print(f"| operation | edges | channels | order | {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * (4 + len(COLUMNS))}")
    for edges in options.edges:
        nodes = max(1, edges // 10)
        drawn = torch.randint(0, nodes, (edges,), generator=draw)
        for order, index in (("grouped", drawn.sort().values), ("drawn", drawn)):
            side, is_grouped = Side.from_index(index, nodes), order == "grouped"
            for channels in options.channels:
                x, of_node = (torch.randn(n, channels, generator=draw) for n in (edges, nodes))
                show("sum", edges, channels, order, least(sums(x, side, is_grouped), options.repeats))
                show("gather", edges, channels, order, least(gathers(of_node, side, is_grouped), options.repeats))
            score = torch.randn(edges, generator=draw)
            show("softmax", edges, 1, order, least(softmaxes(score, side), options.repeats))


def show(operation: str, edges: int, channels: int, order: str, times: Mapping[str, float]) -> None:
    cells = [f"{times[name]:.2f}" if name in times else "" for name in COLUMNS]
    print(f"| {operation} | {edges} | {channels} | {order} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
