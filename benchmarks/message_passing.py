"""One RR-Net unit, forward and backward: this package against the usual way to write it on PyG, and a floor.

    python -m benchmarks.message_passing [--edges 100000 1000000] [--width 16 64] [--repeats 7] [--compile]

Columns: ours; PyG: the same unit as concatenate [x_i ; x_j ; e], MLP, ``torch_geometric.utils.scatter`` at both
ends; floor: only the gathers and matrix products it needs, one torch call each, without a single sum. The floor writes
every result to memory that is new to the process, which ours mostly avoids: on large graphs ours can be below it.
Repeats are interleaved, so that a busy machine slows all three alike; medians are printed. "growth" is the exponent
p of time ~ edges^p between the smallest and the largest graph. "extra MB" is the largest resident memory of one pass
beyond what was resident before, each way in a process of its own. --compile adds PyG's way under torch.compile
(inductor, which needs a C++ compiler), what it returns checked against ours.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
import warnings
from collections.abc import Callable, Sequence

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

import torch  # noqa: E402
from torch import Tensor  # noqa: E402
from torch_geometric.utils import scatter  # noqa: E402

from avgraph.nn import Incidence, InterUnit, IntraUnit  # noqa: E402
from benchmarks.process_memory import forget_the_peak, resident, spawned  # noqa: E402

NODES_PER_EDGE = 0.1
WAYS = ("ours", "pyg", "floor")


class Case:
    """A random graph, grouped by receiver as `KNN` builds it, and a unit with the gradients that reach it."""

    def __init__(self, unit: str, num_edges: int, width: int) -> None:
        torch.manual_seed(0)
        num_nodes = int(num_edges * NODES_PER_EDGE)
        target = torch.arange(num_edges) // (num_edges // num_nodes)
        source = (target + torch.randint(1, num_nodes, (num_edges,))) % num_nodes  # no loops, which ours count once
        self.edge_index = torch.stack([source, target])
        self.plan = Incidence.from_edge_index(self.edge_index, num_nodes, num_nodes)
        self.intra = unit == "intra"
        self.unit = IntraUnit(width) if self.intra else InterUnit(width)
        self.x = [torch.randn(num_nodes, width, requires_grad=True) for _ in range(1 if self.intra else 2)]
        self.edge_attr = torch.randn(num_edges, width, requires_grad=True)
        self.inputs = [*self.x, self.edge_attr, *self.unit.parameters()]
        self.program: Callable[[], tuple[Tensor, ...]] | None = None
        self.grads = [torch.randn_like(state) for state in (*self.x, self.edge_attr)]

    def backward(self, out: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return torch.autograd.grad(out, self.inputs, self.grads)

    def ours(self) -> tuple[Tensor, ...]:
        return self.backward(self.unit(*self.x, self.edge_index, self.edge_attr, plan=self.plan))

    def pyg(self) -> tuple[Tensor, ...]:
        return self.backward(self._usual())

    def compiled(self) -> tuple[Tensor, ...]:
        if self.program is None:
            self.program = torch.compile(self._usual, dynamic=False, fullgraph=True)
        return self.backward(self.program())

    def _usual(self) -> tuple[Tensor, ...]:
        unit, (source, target) = self.unit, self.edge_index
        x_source, x_target = self.x[0], self.x[-1]
        ends = torch.cat([x_source.index_select(0, source), x_target.index_select(0, target)], dim=1)
        if not self.intra:
            ends = unit.kernel(ends)
        edge_attr = unit.edge_mlp(torch.cat([ends, self.edge_attr], dim=1))
        if self.intra:
            both = torch.cat([edge_attr, edge_attr])
            total = scatter(both, self.edge_index.flatten(), 0, len(x_source), reduce="mean")
            return unit.node_mlp(torch.cat([total, x_source], dim=1)), edge_attr
        of_source = scatter(edge_attr, source, 0, len(x_source), reduce="mean")
        of_target = scatter(edge_attr, target, 0, len(x_target), reduce="mean")
        nodes = [unit.node_mlp(torch.cat(pair, dim=1)) for pair in ((of_source, x_source), (of_target, x_target))]
        return *nodes, edge_attr

    @torch.no_grad()
    def floor(self) -> None:
        source, target = self.edge_index
        x_source, x_target, edge_attr = self.x[0], self.x[-1], self.edge_attr
        weight = self.unit.edge_mlp.last.weight
        for _ in range(2):  # node states forward, their gradients backward
            x_source.index_select(0, source)
            x_target.index_select(0, target)
        hidden = edge_attr @ weight
        out = hidden @ weight
        grad_hidden = out @ weight
        grad_hidden @ weight
        out.T @ hidden
        grad_hidden.T @ edge_attr


def check(case: Case) -> None:
    """That all ways give the same gradients; where rounding moves a number across a ReLU's kink, a few differ."""
    for ours, *others in zip(case.ours(), case.pyg(), case.compiled(), strict=True):
        for other in others:
            assert (other - ours).abs().mean() < 1e-3 * ours.abs().mean()


def measure(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median seconds of each, one after the other in every round."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(repeats + 2):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if round_ >= 2:  # the first two warm up
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def _peak(unit: str, num_edges: int, width: int, way: str) -> float:
    case = Case(unit, num_edges, width)
    before = forget_the_peak()
    getattr(case, way)()
    return resident("VmHWM") - before


def peak(unit: str, num_edges: int, width: int, way: str) -> float:
    """Largest extra resident memory of one pass in MB; NaN where the system does not tell (not Linux)."""
    return spawned(_peak, unit, num_edges, width, way)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edges", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--width", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--unit", nargs="+", choices=["intra", "inter"], default=["intra", "inter"])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--compile", action="store_true", help="PyG's way under torch.compile, too")
    parser.add_argument("--no-memory", action="store_true", help="skip the memory columns")
    options = parser.parse_args(argv)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, float32, forward + backward, medians")
    ways = (*WAYS, "compiled") if options.compile else WAYS
    print(
        "| unit | width | edges | ours ms | PyG ms | floor ms | PyG/ours | compiled/ours | ours/floor | growth "
        f"| extra MB | PyG MB |\n|{'---|' * 12}"
    )
    for unit in options.unit:
        for width in options.width:
            first: tuple[int, float] | None = None
            for num_edges in sorted(options.edges):
                case = Case(unit, num_edges, width)
                if options.compile:
                    check(case)
                s = measure({way: getattr(case, way) for way in ways}, options.repeats)
                del case
                memory = ["-", "-"]
                if not options.no_memory:
                    memory = [f"{peak(unit, num_edges, width, way):.0f}" for way in ("ours", "pyg")]
                growth = "-"
                if first is None:
                    first = (num_edges, s["ours"])
                else:
                    growth = f"{math.log(s['ours'] / first[1]) / math.log(num_edges / first[0]):.2f}"
                compiled = f"{s['compiled'] / s['ours']:.2f}" if options.compile else "-"
                print(
                    f"| {unit} | {width} | {num_edges:,} | {1e3 * s['ours']:.1f} | {1e3 * s['pyg']:.1f} "
                    f"| {1e3 * s['floor']:.1f} | {s['pyg'] / s['ours']:.2f} | {compiled} "
                    f"| {s['ours'] / s['floor']:.2f} | {growth} | {' | '.join(memory)} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
