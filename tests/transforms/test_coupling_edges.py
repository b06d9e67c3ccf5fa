"""Edges of couplings: each solver against POT, thresholds, supports, labels, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import ot
import pytest
import torch
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError
from avgraph.nn import mahalanobis_cost
from avgraph.transforms import CouplingEdges
from tests.logged import Logged

KIND = ("audio", "coupled", "text")


def graph(n: int = 12, m: int = 8) -> HeteroData:
    draw = torch.Generator().manual_seed(0)
    data = HeteroData()
    data["audio"].x = torch.randn(n, 5, generator=draw)
    data["text"].x = torch.randn(m, 5, generator=draw)
    return data


def plan(data: HeteroData, n: int = 12, m: int = 8) -> np.ndarray:
    edges, table = data[KIND], np.zeros((n, m))
    table[edges.edge_index[0], edges.edge_index[1]] = edges.mass
    return table


def cost_of(data: HeteroData, unit_rows: bool = True) -> np.ndarray:
    x, y = (data[node].x for node in ("audio", "text"))
    if unit_rows:
        x, y = x / x.norm(dim=1, keepdim=True), y / y.norm(dim=1, keepdim=True)
    return mahalanobis_cost(x, y, torch.ones(5), normalize="max").double().numpy()


def test_each_solver_equals_pot() -> None:
    data = graph()
    a, b, cost = np.full(12, 1 / 12), np.full(8, 1 / 8), cost_of(data)
    cases: list[tuple[dict[str, Any], np.ndarray]] = [
        ({"solver": "sinkhorn", "epsilon": 0.1}, ot.sinkhorn(a, b, cost, 0.1)),
        (
            {"solver": "partial", "epsilon": 0.1, "mass": 0.6},
            ot.partial.entropic_partial_wasserstein(a, b, cost, 0.1, m=0.6, numItermax=9000, stopThr=1e-12),
        ),
        ({"solver": "emd"}, ot.emd(a, b, cost)),
        (
            {"solver": "unbalanced", "epsilon": 0.1, "marginal_penalty": 0.5},
            ot.unbalanced.sinkhorn_unbalanced(a, b, cost, 0.1, 0.5, numItermax=9000),
        ),
    ]
    for options, expected in cases:
        found = plan(CouplingEdges("audio", "text", threshold=0, **options)(data))
        np.testing.assert_allclose(found, expected, atol=2e-6, err_msg=options["solver"])


def test_edges_are_sorted_thresholded_and_labelled() -> None:
    data = graph()
    data["audio"].y = torch.arange(12) % 8
    data["text"].y = torch.arange(8)
    data["audio"].train_mask = torch.arange(12) < 6
    result = CouplingEdges("audio", "text", threshold=0.2)(data)
    edges = result[KIND]
    assert data.edge_types == []
    assert float(edges.mass.min()) > 0.2 / 12
    key = edges.edge_index[0] * 8 + edges.edge_index[1]
    assert bool((key[1:] > key[:-1]).all())
    assert edges.y.tolist() == (edges.edge_index[0] % 8 == edges.edge_index[1]).float().tolist()
    assert edges.train_mask.tolist() == (edges.edge_index[0] < 6).tolist()
    assert result.validate()
    assert CouplingEdges("audio", "text", threshold=0.9)(result)[KIND].edge_index.shape[1] < len(key)


def test_metric_and_length() -> None:
    data = graph()
    metric = torch.tensor([4.0, 1.0, 1.0, 0.0, 0.0])
    found = plan(CouplingEdges("audio", "text", metric=metric, unit_rows=False, threshold=0)(data))
    x, y = data["audio"].x * metric.sqrt(), data["text"].x * metric.sqrt()
    data["audio"].x, data["text"].x = x, y
    expected = plan(CouplingEdges("audio", "text", unit_rows=False, threshold=0)(data))
    np.testing.assert_allclose(found, expected, atol=2e-6)


@pytest.mark.parametrize("solver", ["sinkhorn", "partial", "emd", "unbalanced"])
def test_along_given_edges_only(solver: str) -> None:
    data = graph(6, 6)
    allowed = torch.eye(6, dtype=torch.bool) | (torch.rand(6, 6, generator=torch.Generator().manual_seed(1)) < 0.4)
    data["audio", "candidate", "text"].edge_index = allowed.nonzero().T
    options: dict[str, Any] = {
        "sinkhorn": {"epsilon": 0.1},
        "partial": {"epsilon": 0.1, "mass": 0.5},
        "emd": {},
        "unbalanced": {"epsilon": 0.1, "marginal_penalty": 1.0},
    }[solver]
    result = CouplingEdges("audio", "text", solver=solver, along="candidate", threshold=0, **options)(data)
    row, column = result[KIND].edge_index
    assert bool(allowed[row, column].all())
    if solver == "partial":
        assert float(result[KIND].mass.sum()) == pytest.approx(0.5, abs=1e-5)
    if solver in ("sinkhorn", "emd"):
        np.testing.assert_allclose(plan(result, 6, 6).sum(1), 1 / 6, atol=1e-6)


@pytest.mark.parametrize("solver", ["sinkhorn", "emd"])
def test_a_support_without_a_matching_is_infeasible(solver: Any) -> None:
    data = graph(3, 3)
    data["audio", "candidate", "text"].edge_index = torch.tensor([[0, 1, 2, 2], [0, 0, 1, 2]])
    with pytest.raises(GraphError, match="infeasible"):
        CouplingEdges("audio", "text", solver=solver, along="candidate")(data)


def test_messages() -> None:
    with pytest.raises(GraphError, match=r"mass: expected a number with solver 'partial' .*, got solver 'partial'"):
        CouplingEdges("audio", "text", solver="partial")
    with pytest.raises(GraphError, match=r"mass: expected a number with solver 'partial' .*, got solver 'emd'"):
        CouplingEdges("audio", "text", solver="emd", mass=0.5)
    with pytest.raises(GraphError, match="epsilon: not with solver 'emd', which is exact"):
        CouplingEdges("audio", "text", solver="emd", epsilon=0.1)
    with pytest.raises(GraphError, match="threshold: expected a number below 1, got 1"):
        CouplingEdges("audio", "text", threshold=1)
    data = graph()
    with pytest.raises(GraphError, match=r"no node type 'txt'; did you mean 'text'\?"):
        CouplingEdges("audio", "txt")(data)
    with pytest.raises(GraphError, match=r"along: the graph has no audio-near-text edges \(it has none\)"):
        CouplingEdges("audio", "text", along="near")(data)
    with pytest.raises(GraphError, match=r"mass: expected a number of at most 1, got 1\.5"):
        CouplingEdges("audio", "text", solver="partial", mass=1.5)(data)
    with pytest.raises(GraphError, match="1 of 1 couplings did not converge: after 2 iterations"):
        CouplingEdges("audio", "text", max_iter=2, epsilon=0.01)(data)
    with pytest.raises(GraphError, match="unbalanced: no convergence within 2 iterations"):
        CouplingEdges("audio", "text", solver="unbalanced", marginal_penalty=5.0, epsilon=0.01, max_iter=2)(data)
    data["text"].x = torch.randn(8, 4)
    with pytest.raises(GraphError, match=r"audio\.x, text\.x: expected one width, got \[12, 5\] and \[8, 4\]"):
        CouplingEdges("audio", "text")(data)
    data["text"].x[3, 1] = torch.nan
    with pytest.raises(GraphError, match=r"text\.x: row 3, column 1 is nan"):
        CouplingEdges("audio", "text")(data)
    assert repr(CouplingEdges("a", "b")) == "CouplingEdges('a', 'b', solver='sinkhorn', relation='coupled')"


def test_mass_on_pairs_below_the_threshold_is_told(logged: Logged) -> None:
    data = HeteroData(a={"x": torch.randn(150, 64)}, b={"x": torch.randn(150, 64)})
    edges = CouplingEdges("a", "b", threshold=0.02)(data)["a", "coupled", "b"]
    kept = float(edges.mass.sum())
    assert kept < 0.9
    assert f"(a, coupled, b): {len(edges.mass)} edges hold {100 * kept:.1f} % of the mass" in logged.text
    logged.records.clear()
    assert float(CouplingEdges("a", "b", threshold=1e-4)(data)["a", "coupled", "b"].mass.sum()) > 0.99
    assert logged.text == ""


@pytest.mark.parametrize("y", [torch.rand(3), torch.ones(3, 2, dtype=torch.int64)])
def test_what_is_no_label_is_left_alone(y: torch.Tensor) -> None:
    data = HeteroData(a={"x": torch.randn(3, 4), "y": y}, b={"x": torch.randn(3, 4), "y": torch.arange(3)})
    edges = CouplingEdges("a", "b")(data)["a", "coupled", "b"]
    assert "y" not in edges
    assert "mass" in edges
