"""Transforms of many rows: whatever a block holds, and whether rows are mapped from a file, the edges are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.graph.nodes import check_finite
from avgraph.transforms import (
    KNN,
    Candidates,
    CouplingEdges,
    MemoryEdges,
    _blocks,
    coupling_edges,
    nearest_neighbours,
    nearest_rows,
)
from tests.transforms.test_knn import naive_neighbours

BUDGETS = (1, 5_000, 20_000, 60_000)  # bytes: of the least block there is, and of some more


@given(
    st.integers(1, 10**7), st.integers(1, 10**7), st.integers(1, 100), st.integers(1, 10**5), st.integers(10**7, 10**10)
)
def test_a_block_keeps_within_its_budget(rows: int, columns: int, entry: int, row: int, budget: int) -> None:
    before, _blocks.BUDGET = _blocks.BUDGET, budget
    try:
        tall, wide = _blocks.block_size(rows, columns, entry=entry, row=row)
    finally:
        _blocks.BUDGET = before
    assert 1 <= tall <= rows
    assert 1 <= wide <= columns
    least = min(tall, wide) <= 16
    assert least or entry * tall * wide + row * (tall + wide) <= budget
    # No side could be longer by itself.
    assert tall == rows or wide == columns or entry * (tall + 1) * (wide + 1) + row * (tall + wide + 2) > budget


@pytest.mark.parametrize("budget", BUDGETS)
def test_neighbours_do_not_depend_on_the_block(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = torch.Generator().manual_seed(3)
    x = torch.randn(150, 7, generator=draw)[torch.randint(0, 120, (150,), generator=draw)]
    x[40:60] *= torch.rand(20, 1, generator=draw) + 0.5  # the same direction, though not to the last bit
    query, group = torch.randn(70, 7, generator=draw), torch.arange(150) % 2
    expected = (nearest_neighbours(x, 9), nearest_rows(query, x, 9), nearest_neighbours(x, 9, group=group))
    assert expected[0][0].tolist() == naive_neighbours(x, 9)
    monkeypatch.setattr(_blocks, "BUDGET", budget)
    found = (nearest_neighbours(x, 9), nearest_rows(query, x, 9), nearest_neighbours(x, 9, group=group))
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 3), st.integers(0, 10_000), st.sampled_from([5_000, 40_000]))
def test_many_ties_over_many_blocks_go_by_index(largest: int, seed: int, budget: int) -> None:
    draw = np.random.default_rng(seed)
    x = torch.from_numpy(draw.integers(-largest, largest + 1, (60, 2)).astype(np.float32))
    x[(x == 0).all(1)] = 1
    k = int(draw.integers(1, 20))
    before, _blocks.BUDGET = _blocks.BUDGET, budget
    try:
        assert nearest_neighbours(x, k)[0].tolist() == naive_neighbours(x, k)
    finally:
        _blocks.BUDGET = before


def test_a_product_of_less_precision_screens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.randn(120, 6, generator=torch.Generator().manual_seed(0))
    expected = nearest_neighbours(x, 4)
    monkeypatch.setattr(_blocks, "BUDGET", 20_000)
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "medium")
    monkeypatch.setattr("avgraph.transforms._nearest_blocks._close", lambda *_: pytest.fail("screened"))
    with torch.autocast("cpu", torch.bfloat16):
        found = nearest_neighbours(x, 4)
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])


def test_rows_are_named_whatever_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_blocks, "BUDGET", 5_000)
    x = torch.ones(90, 4)
    x[77] = 0
    with pytest.raises(GraphError, match="x: row 77 is zero"):
        nearest_neighbours(x, 1)
    x[77, 2] = torch.nan
    with pytest.raises(GraphError, match="x: row 77, column 2 is nan"):
        nearest_neighbours(x, 1)
    with pytest.raises(GraphError, match="score: row 12, column 1 is inf"):
        check_finite("score", torch.tensor([[0.0, 0.0], [0.0, torch.inf]]), 11)
    data = HeteroData(audio={"score": torch.zeros(700, 3)}, label={"num_nodes": 3})
    data["audio"].score[600, 1] = torch.nan
    with pytest.raises(GraphError, match=r"audio.score: row 600, column 1 is nan"):
        Candidates("audio", "label", 1)(data)


def many(rows: Callable[[str, Tensor], object] = lambda name, x: x) -> HeteroData:
    """Nodes with all that the transforms read, of tensors or of what is made of them."""
    draw = torch.Generator().manual_seed(0)
    data = HeteroData()
    data["audio"].x = rows("audio", torch.randn(90, 6, generator=draw))
    data["text"].x = rows("text", torch.randn(40, 6, generator=draw))
    data["audio"].score = rows("score", torch.randint(0, 9, (90, 40), generator=draw).float())
    data["audio"].view_score = rows("views", torch.rand(90, 2, 40, generator=draw))
    data["audio"].y, data["text"].y = torch.arange(90) % 40, torch.arange(40)
    data["audio"].train_mask = torch.arange(90) % 2 == 0
    near = torch.randint(0, 40, (90, 3), generator=draw)
    data["audio", "near", "text"].edge_index = torch.stack([torch.arange(90).repeat_interleave(3), near.flatten()])
    return data


TRANSFORMS = {
    "knn": KNN("audio", 5, relation="found"),
    "bipartite": KNN("audio", 5, target="text", relation="found"),
    "candidates": Candidates("audio", "text", 3, add_true=True, relation="found"),
    "memory": MemoryEdges("audio", "text", 5, temperature=0.1, relation="found"),
    "coupling": CouplingEdges("audio", "text", epsilon=0.3, tol=1e-10, threshold=0, relation="found"),
    "partial": CouplingEdges(
        "audio", "text", solver="partial", mass=0.5, epsilon=0.3, tol=1e-10, threshold=0, relation="found"
    ),
    "along": CouplingEdges("audio", "text", solver="partial", mass=0.5, along="near", threshold=0, relation="found"),
}


def made(transform: Callable[[HeteroData], HeteroData], data: HeteroData) -> dict[str, Tensor]:
    found = transform(data)
    kind = next(kind for kind in found.edge_types if kind[1] == "found")
    return dict(found[kind].items())


@pytest.mark.parametrize("name", TRANSFORMS)
def test_edges_do_not_depend_on_the_block(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    transform = TRANSFORMS[name]
    expected = made(transform, many())
    monkeypatch.setattr(coupling_edges, "DENSE", 0)
    for budget in BUDGETS[1:]:
        monkeypatch.setattr(_blocks, "BUDGET", budget)
        found = made(transform, many())
        assert found.keys() == expected.keys()
        for key, value in found.items():
            # The solver of streamed costs goes another way: float32 masses of up to 1/40 to their last digit.
            torch.testing.assert_close(value, expected[key], rtol=0, atol=2e-9 if key == "mass" else 0)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_mapped_rows_give_the_same_and_stay_as_they_are(name: str, tmp_path: Path) -> None:
    def mapped(key: str, x: Tensor) -> object:
        np.save(tmp_path / f"{key}.npy", x.numpy())
        return np.load(tmp_path / f"{key}.npy", mmap_mode="r")

    data = many(mapped)
    before = {path: hashlib.sha256(path.read_bytes()).digest() for path in tmp_path.iterdir()}
    expected, found = made(TRANSFORMS[name], many()), made(TRANSFORMS[name], data)
    assert found.keys() == expected.keys()
    for key, value in found.items():
        assert torch.equal(value, expected[key])
    assert {path: hashlib.sha256(path.read_bytes()).digest() for path in tmp_path.iterdir()} == before
    half = HeteroData()
    half["audio"].x = np.asarray(data["audio"].x).astype(np.float16)
    assert KNN("audio", 2)(half)["audio", "near", "audio"].edge_index.shape == (2, 180)


def test_streamed_couplings_are_sparse_and_say_when_they_do_not_converge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coupling_edges, "DENSE", 0)
    found = CouplingEdges("audio", "text", epsilon=0.02, threshold=0.1)(many())["audio", "coupled", "text"]
    assert 0 < found.edge_index.shape[1] < 900
    assert float(found.mass.min()) > 0.1 / 90
    with pytest.raises(GraphError, match="1 of 1 couplings did not converge: after 2 iterations the error is"):
        CouplingEdges("audio", "text", epsilon=0.01, max_iter=2)(many())


def test_costs_are_scaled_by_all_pairs_or_by_the_edges() -> None:
    def mass(scale: str, factor: float, solver: str = "partial") -> Tensor:
        kind = {"mass": 0.5} if solver == "partial" else {"marginal_penalty": 0.5}
        edges = CouplingEdges(
            "audio", "text", solver=solver, along="near", epsilon=0.05 * factor, scale=scale, threshold=0, **kind
        )
        return edges(many())["audio", "coupled", "text"].mass

    data = many()
    x, y = (torch.nn.functional.normalize(data[node].x) for node in ("audio", "text"))
    cost = torch.cdist(x, y)
    row, column = data["audio", "near", "text"].edge_index
    factor = float(cost.max() / cost[row, column].max())
    # ε of costs that are larger by the factor.
    torch.testing.assert_close(mass("edges", factor), mass("pairs", 1.0), rtol=1e-5, atol=1e-9)
    assert not torch.allclose(mass("edges", 1.0), mass("pairs", 1.0), rtol=1e-3, atol=0)
    assert not torch.allclose(mass("edges", 1.0, "unbalanced"), mass("pairs", 1.0, "unbalanced"), rtol=1e-3, atol=0)
