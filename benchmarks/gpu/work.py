"""Steps of layers and losses, forward and backward, and the bare products that none of them can do without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from avgraph.methods import RRNet
from avgraph.nn import AudioAttention, Incidence, IntraUnit, info_nce, memory_readout, segment_backend, sinkhorn
from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.segment import segment_sum

NEAR, CANDIDATE = ("audio", "near", "audio"), ("audio", "candidate", "label")


@dataclass(frozen=True)
class Work:
    """One row.

    Attributes:
        forward: to be differentiated, of the inputs.
        inputs: tensors on the device; those of floating point get a gradient.
        bare: products and reads of the same size.
        modules: whose parameters get a gradient.
    """

    forward: Callable[..., Tensor]
    inputs: tuple[Tensor, ...]
    bare: Callable[[], object]
    modules: tuple[nn.Module, ...] = ()

    def step(self) -> Tensor:
        """Forward and backward, gradients anew."""
        for one in (*self.inputs, *(weight for module in self.modules for weight in module.parameters())):
            one.grad = None
        total = self.forward(*self.inputs).float().sum()
        total.backward()
        return total.detach()


def drawn(device: str, *shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(device).requires_grad_()


def edges(device: str, nodes: int, count: int) -> Tensor:
    """Grouped by target, as kNN makes them."""
    draw = torch.Generator().manual_seed(0)
    source, target = (torch.randint(0, nodes, (count,), generator=draw) for _ in range(2))
    return torch.stack([source, target.sort().values]).to(device)


def twice(x: Tensor, weight: Tensor) -> None:
    """A product and its two gradients."""
    with torch.no_grad():
        y = x @ weight
        y @ weight.T, x.T @ y


def unit(device: str, count: int, channels: int) -> Work:
    """One intra unit of RR-Net, ten edges a node."""
    nodes, index = count // 10, edges(device, count // 10, count)
    layer, plan = IntraUnit(channels).to(device), Incidence.from_edge_index(index, nodes, nodes)
    x, attr = drawn(device, nodes, channels), drawn(device, count, channels, seed=1)

    def forward(x: Tensor, attr: Tensor) -> Tensor:
        node, edge = layer(x, index, attr, plan=plan)
        total: Tensor = node.sum() + edge.sum()
        return total

    square = drawn(device, channels, channels)

    def bare() -> None:
        twice(attr, square)  # of the edge's state, and of the hidden layer
        twice(attr, square)
        twice(x, square)

    return Work(forward, (x, attr), bare, (layer,))


def network(device: str, nodes: int) -> Work:
    """RR-Net on a small graph, as ESC-50 is: ten neighbours, twenty candidates of fifty labels."""
    model = RRNet({"audio": 64, "label": 64}, [NEAR], CANDIDATE, hidden_channels=16).to(device)
    candidates = torch.stack([torch.arange(nodes).repeat_interleave(20), torch.arange(20 * nodes) % 50]).to(device)
    index = {NEAR: edges(device, nodes, 10 * nodes), CANDIDATE: candidates}
    plans = {
        NEAR: Incidence.from_edge_index(index[NEAR], nodes, nodes),
        CANDIDATE: Incidence.from_edge_index(candidates, nodes, 50),
    }
    audio, label = drawn(device, nodes, 64), drawn(device, 50, 64)

    def forward(audio: Tensor, label: Tensor) -> Tensor:
        total: Tensor = model({"audio": audio, "label": label}, index, plans=plans).sum()
        return total

    wide, narrow = drawn(device, 30 * nodes, 16), drawn(device, 16, 16)

    def bare() -> None:
        twice(wide, narrow)
        twice(wide, narrow)

    return Work(forward, (audio, label), bare, (model,))


def contrast(device: str, batch: int, channels: int) -> Work:
    """InfoNCE."""
    x, y = drawn(device, batch, channels), drawn(device, batch, channels, seed=1)
    return Work(lambda x, y: info_nce(x, y, 0.05), (x, y), lambda: twice(x, y.T))


def memory(device: str, batch: int, rows: int, channels: int) -> Work:
    """What items recall from a memory; queries have gradients."""
    query, held = drawn(device, batch, channels), drawn(device, rows, channels, seed=1).detach()

    def bare() -> None:
        with torch.no_grad():
            score = query @ held.T
            score @ held, score @ held

    return Work(lambda query: memory_readout(query, held, 0.05), (query,), bare)


def coupling(device: str, batch: int) -> Work:
    """An entropic coupling of two batches."""
    cost = (drawn(device, batch, 16) @ drawn(device, 16, batch, seed=1)).sigmoid().detach().requires_grad_()

    def bare() -> None:
        cost.detach().logsumexp(1), cost.detach().logsumexp(0)

    return Work(lambda cost: sinkhorn(cost, 0.1, tol=1e-4).cost, (cost,), bare)


def attention(device: str, frames: int, side: int) -> Work:
    """Sounds attend to patches; five frames a clip."""
    layer, clip = AudioAttention(64).to(device), (torch.arange(frames) // 5).to(device)
    patch, sound = drawn(device, frames, 64, side, side), drawn(device, frames, 64, seed=1)
    flat, weight = drawn(device, frames * side**2, 64), drawn(device, 64, 64)
    return Work(
        lambda patch, sound: layer(patch, sound, clip)[0], (patch, sound), lambda: twice(flat, weight), (layer,)
    )


def sums(device: str, count: int, channels: int, backend: str) -> Work:
    """The sum of each node's edges by torch or torch-scatter."""
    side = Side.from_index(edges(device, count // 10, count)[1], count // 10)
    x = drawn(device, count, channels)

    def forward(x: Tensor) -> Tensor:
        with segment_backend(backend):
            return segment_sum(x, side)

    return Work(forward, (x,), lambda: x.detach().clone())


def cases(scale: float) -> dict[str, Callable[[str], Work]]:
    """By name, of so large a share of the usual sizes."""

    def size(count: int) -> int:
        return max(20, int(count * scale) // 20 * 20)

    unit_edges, many = size(200_000), size(1_000_000)
    return {
        f"RR-Net unit, {unit_edges} edges, 16 wide": lambda device: unit(device, unit_edges, 16),
        f"RR-Net unit, {unit_edges} edges, 64 wide": lambda device: unit(device, unit_edges, 64),
        f"RR-Net, {size(2000)} clips": lambda device: network(device, size(2000)),
        f"InfoNCE, {size(1024)} × 512": lambda device: contrast(device, size(1024), 512),
        f"memory readout, {size(256)} of {size(20_000)} × 512": lambda d: memory(d, size(256), size(20_000), 512),
        f"Sinkhorn, {size(256)}²": lambda device: coupling(device, size(256)),
        f"audio attention, {size(40)} × 28²": lambda device: attention(device, size(40), 28),
        **{
            f"edge sums by {backend}, {many} × 16": partial(sums, count=many, channels=16, backend=backend)
            for backend in ("torch", "scatter")
        },
    }
