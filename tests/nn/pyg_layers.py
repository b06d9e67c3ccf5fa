"""The layers that join two node types by one relation; compiled_parts.py compiles each of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch_geometric.nn import SimpleConv

from avgraph.nn import (
    AnchorProxy,
    BarycentricConv,
    ExpertAggregation,
    HeteroEdgeUnit,
    LatentInteraction,
    MemoryConv,
)

WIDTH = 4
EDGES = torch.tensor([[0, 1, 2, 3, 0, 2, 4], [0, 1, 2, 3, 2, 1, 0]])
LAYERS: dict[str, Callable[[], nn.Module]] = {
    "AnchorProxy": lambda: AnchorProxy(WIDTH),
    "BarycentricConv": lambda: BarycentricConv(0.5, mass=0.3, tol=1e-13),
    "MemoryConv": lambda: MemoryConv(0.5),
    "SimpleConv": lambda: SimpleConv(aggr=ExpertAggregation("product", standard_normal=True)),
}
WITH_GRAPH_BREAKS = {"BarycentricConv"}  # those that iterate until values say that it is enough


class Network(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.conv = layer

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        out: Tensor = self.conv(x, edge_index)
        return out


def made(name: str) -> nn.Module:
    torch.manual_seed(0)
    return LAYERS[name]().double()


def rows(*count: int) -> list[Tensor]:
    return [torch.randn(n, WIDTH, dtype=torch.float64) for n in count]


def compiled_on_one_relation(name: str) -> None:
    network, (x,), whole = Network(made(name)), rows(5), name not in WITH_GRAPH_BREAKS
    compiled = torch.compile(network, backend="aot_eager" if whole else "eager", fullgraph=whole)
    found = []
    for forward in (network, compiled):
        leaf = x.clone().requires_grad_()
        out = forward(leaf, EDGES)
        found.append([out, *torch.autograd.grad(out.square().sum(), leaf)])
    torch.testing.assert_close(*found, atol=1e-12, rtol=1e-12)


def compiled_on_dicts() -> None:
    heard, drives, near = ("a", "activates", "concept"), ("concept", "drives", "concept"), ("a", "near", "a")
    (x,) = rows(5)
    energy = LatentInteraction(["a"], weighting="soft", distance="squared")
    index = {heard: EDGES, drives: torch.tensor([[0, 1], [2, 3]]), near: EDGES}
    weight = {heard: torch.rand(7).double(), drives: torch.ones(2).double()}
    given = ({"a": x, "concept": x[:4]}, index, weight)
    torch.testing.assert_close(torch.compile(energy, backend="eager", fullgraph=True)(*given), energy(*given))
    unit = HeteroEdgeUnit(WIDTH, [near]).double()
    found, expected = (
        forward({"a": x}, index, {near: x[EDGES[0]]})[0]["a"]
        for forward in (torch.compile(unit, backend="eager"), unit)
    )
    torch.testing.assert_close(found, expected)


def main() -> None:
    for name in LAYERS:
        compiled_on_one_relation(name)
        print(f"{name} of a relation: compiled and equal", flush=True)
    compiled_on_dicts()
    print("LatentInteraction, HeteroEdgeUnit: compiled and equal", flush=True)
