"""`torch.export` of layers and of RR-Net: the program works on graphs of other sizes, and leaves as a file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim, export, load, save

from avgraph.methods import RRNet
from avgraph.nn import AnchorProxy, HeteroEdgeUnit, IntraUnit, MemoryConv
from tests.typechecker import unchecked

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _symbolic_sizes() -> Iterator[None]:
    with unchecked():
        yield


NEAR, CANDIDATE = ("audio", "near", "audio"), ("audio", "candidate", "label")
ANY = Dim.DYNAMIC


def rows(n: int, width: int = 4) -> Tensor:
    return torch.randn(n, width, generator=torch.Generator().manual_seed(n))


def edges(n: int, m: int, count: int) -> Tensor:
    draw = torch.Generator().manual_seed(count)
    return torch.stack([torch.randint(0, n, (count,), generator=draw), torch.randint(0, m, (count,), generator=draw)])


def graph(n: int, m: int, count: int) -> tuple[dict[str, Tensor], dict[tuple[str, str, str], Tensor]]:
    """With self-loops among the near edges, and candidate edges in no order."""
    index = {
        NEAR: torch.cat([edges(n, n, count), torch.tensor([[0, 2], [0, 2]])], 1),
        CANDIDATE: edges(n, m, 3 * count),
    }
    return {"audio": rows(n), "label": rows(m)}, index


def exported(module: nn.Module, given: tuple[Any, ...], dynamic: tuple[Any, ...]) -> nn.Module:
    return export(module.eval(), given, dynamic_shapes=dynamic, strict=False).module()


@pytest.mark.parametrize("incidence", ["both", "target"])
def test_rrnet_on_graphs_of_other_sizes(incidence: str) -> None:
    model = RRNet({"audio": 4, "label": 4}, [NEAR], CANDIDATE, intra_units=1, inter_units=2, incidence=incidence)
    dynamic = ({"audio": {0: ANY}, "label": {0: ANY}}, {NEAR: {1: ANY}, CANDIDATE: {1: ANY}})
    program = exported(model, graph(7, 5, 9), dynamic)
    for size in ((7, 5, 9), (11, 3, 20), (4, 9, 2)):
        with torch.no_grad():
            torch.testing.assert_close(program(*graph(*size)), model(*graph(*size)))


class Listed(nn.Module):
    """RR-Net on tensors: a saved program knows no dictionaries whose keys are tuples (torch 2.13)."""

    def __init__(self) -> None:
        super().__init__()
        self.network = RRNet({"audio": 4, "label": 4}, [NEAR], CANDIDATE, intra_units=1, inter_units=1)

    def forward(self, audio: Tensor, label: Tensor, near: Tensor, candidate: Tensor) -> Tensor:
        found: Tensor = self.network({"audio": audio, "label": label}, {NEAR: near, CANDIDATE: candidate})
        return found


def test_rrnet_leaves_as_a_file() -> None:
    model, file = Listed().eval(), io.BytesIO()
    x, index = graph(7, 5, 9)
    save(export(model, (*x.values(), *index.values()), dynamic_shapes=({0: ANY}, {0: ANY}, {1: ANY}, {1: ANY}),
                strict=False), file)  # fmt: skip
    file.seek(0)
    x, index = graph(9, 4, 6)
    with torch.no_grad():
        found = load(file).module()(*x.values(), *index.values())
        torch.testing.assert_close(found, model(*x.values(), *index.values()))


@pytest.mark.parametrize("layer", [MemoryConv(0.1), AnchorProxy(4)])
def test_layers_along_edges_of_any_number(layer: nn.Module) -> None:
    program = exported(layer, ((rows(6), rows(5)), edges(6, 5, 8)), (({0: ANY}, {0: ANY}), {1: ANY}))
    for n, m, count in ((6, 5, 8), (3, 9, 17)):
        given = ((rows(n), rows(m)), edges(n, m, count))
        with torch.no_grad():
            torch.testing.assert_close(program(*given), layer(*given))


def test_units_as_parts_of_a_network() -> None:
    given = (rows(6), edges(6, 6, 8), rows(8))
    program = exported(unit := IntraUnit(4), given, ({0: ANY}, {1: ANY}, {0: ANY}))
    other = (rows(9), edges(9, 9, 5), rows(5))
    with torch.no_grad():
        torch.testing.assert_close(program(*other), unit(*other))
    hetero = HeteroEdgeUnit(4, [NEAR, CANDIDATE])
    x, index = graph(7, 5, 9)
    attr = {kind: rows(ends.shape[1]) for kind, ends in index.items()}
    by_node, by_edge = {"audio": {0: ANY}, "label": {0: ANY}}, {NEAR: {1: ANY}, CANDIDATE: {1: ANY}}
    whole = exported(hetero, (x, index, attr), (by_node, by_edge, {NEAR: {0: ANY}, CANDIDATE: {0: ANY}}))
    x, index = graph(4, 6, 11)
    attr = {kind: rows(ends.shape[1]) for kind, ends in index.items()}
    with torch.no_grad():
        torch.testing.assert_close(whole(x, index, attr), hetero(x, index, attr))
