"""Sums and gathers along edges are the same by torch and by torch-scatter, which is asked where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
import torch
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn.edges import kernels
from avgraph.nn.edges.incidence import Side
from avgraph.nn.edges.kernels import reduce_rows, segment_backend, take_rows
from avgraph.nn.edges.one_sided import one_sided
from avgraph.nn.edges.segment import edge_softmax, gather_rows, segment_sum

DRAWN = torch.tensor([3, 0, 3, 6, 1, 3, 0])  # nodes 2, 4, 5 and 7 have no edge
INDICES = {"grouped": DRAWN.sort().values, "drawn": DRAWN, "none": DRAWN[:0]}
TYPES = (torch.float32, torch.float64, torch.bfloat16)


@pytest.fixture(params=kernels.BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "scatter":
        pytest.importorskip("torch_scatter", reason="torch-scatter is not installed: avgraph[scatter]")
    with segment_backend(request.param):
        yield request.param


@pytest.mark.parametrize("order", INDICES)
def test_every_backend_gives_the_sums_and_the_rows_of_a_loop(backend: str, order: str) -> None:
    side = Side.from_index(INDICES[order], 8)
    for dtype, channels in product(TYPES, (1, 4, 20)):
        x, rows = torch.randn(len(side.index), channels).to(dtype), torch.randn(8, channels).to(dtype)
        loop = torch.zeros(8, channels, dtype=torch.float64)
        for edge, node in enumerate(side.index.tolist()):
            loop[node] += x[edge].double()
        tolerance = 2e-2 if dtype == torch.bfloat16 else 1e-6
        torch.testing.assert_close(reduce_rows(x, side), loop.to(dtype), atol=tolerance, rtol=tolerance)
        assert torch.equal(take_rows(rows, side), rows[side.index])


@pytest.mark.parametrize("order", ["grouped", "drawn"])
def test_every_backend_has_checked_gradients(backend: str, order: str) -> None:
    side = Side.from_index(INDICES[order], 8)
    x, rows = (torch.randn(n, 20, dtype=torch.float64, requires_grad=True) for n in (7, 8))
    assert gradcheck(lambda x: segment_sum(x, side), x)
    assert gradcheck(lambda x: gather_rows(x, side), rows)
    assert gradcheck(lambda x: edge_softmax(x[:, 0], side), x)


def test_an_end_that_does_not_hear_of_an_edge_has_it_in_no_sum(backend: str) -> None:
    hears = torch.tensor([True, False, True, True, False, True, False])
    index = torch.stack([DRAWN, torch.arange(7)])
    with pytest.raises(GraphError, match="one_sided: has no gradient"):
        one_sided(index, 8, 7, hears, ~hears)
    with torch.no_grad():
        side = one_sided(index, 8, 7, hears, ~hears).source
    for dtype in TYPES:
        x = torch.ones(7, 20, dtype=dtype)
        assert reduce_rows(x, side)[:, 0].tolist() == [0, 0, 0, 3, 0, 0, 1, 0]


def test_double_precision_is_summed_by_a_fast_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> None:
        raise AssertionError("embedding_bag takes thirty times as long in double precision")

    monkeypatch.setattr(kernels.F, "embedding_bag", slow)
    for index in INDICES.values():
        reduce_rows(torch.ones(len(index), 2, dtype=torch.float64), Side.from_index(index, 8))


def test_torch_scatter_is_asked_by_itself_where_it_was_measured_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Fake:
        @staticmethod
        def segment_csr(x: torch.Tensor, pointer: torch.Tensor, reduce: str) -> torch.Tensor:
            asked.append((x.dtype, x.shape[1], reduce))
            return x.new_zeros(len(pointer) - 1, x.shape[1])

    monkeypatch.setattr(kernels, "_installed", lambda: True)
    monkeypatch.setattr(kernels, "_scatter", lambda: Fake)
    for dtype, channels, order in product(TYPES, (1, 20), ("grouped", "drawn")):
        with segment_backend("auto"):
            reduce_rows(torch.ones(7, channels, dtype=dtype), Side.from_index(INDICES[order], 8))
        with segment_backend("torch"):
            reduce_rows(torch.ones(7, channels, dtype=dtype), Side.from_index(INDICES[order], 8))
    assert asked == [(torch.float64, 20, "sum")]


def test_what_is_no_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_installed", lambda: False)
    with pytest.raises(GraphError, match=r"segment_backend: 'scatter' needs torch-scatter: pip install 'avgraph"):
        segment_backend("scatter").__enter__()
    with pytest.raises(GraphError, match="segment_backend: expected auto, torch or scatter, got 'cuda'"):
        segment_backend("cuda").__enter__()
    monkeypatch.setenv("AVGRAPH_SEGMENTS", "fast")
    kernels._of_environment.cache_clear()
    with pytest.raises(GraphError, match="AVGRAPH_SEGMENTS: expected auto, torch or scatter, got 'fast'"):
        reduce_rows(torch.ones(1, 1), Side.from_index(torch.tensor([0]), 1))
    kernels._of_environment.cache_clear()
