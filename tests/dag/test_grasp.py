from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from avgraph.dag import DAG, grasp, total_bic_score
from avgraph.dag.cpdag import cpdag_of, extend_to_dag, topological_order
from avgraph.errors import AvgraphError, DataError, GraphError
from tests.dag.graphs import random_dag, sample

RNG = np.random.default_rng(0)
X = sample(random_dag(10, 18, RNG)[1], 300, RNG)


def as_bytes(dag: DAG) -> bytes:
    return b"".join(
        [dag.order.tobytes(), dag.adjacency.tobytes(), np.float64(dag.score).tobytes(), dag.start_scores.tobytes(),
         dag.start_adjacencies.tobytes(), repr((dag.names, dag.converged, dag.n_starts)).encode()]
    )  # fmt: skip


def with_entry(x: np.ndarray, value: float) -> np.ndarray:
    changed = x.copy()
    changed[4, 1] = value
    return changed


def test_same_seed_same_bytes_and_first_starts_are_shared() -> None:
    assert as_bytes(grasp(X, seed=3)) == as_bytes(grasp(X, seed=3))
    five, two = grasp(X, seed=3, restarts=5), grasp(X, seed=3, restarts=2)
    assert five.start_adjacencies[:2].tobytes() == two.start_adjacencies.tobytes()


def test_the_score_is_that_of_the_graph_and_the_best_of_the_starts() -> None:
    dag = grasp(X, penalty_discount=0.8)
    assert dag.score == pytest.approx(total_bic_score(np.cov(X.T, ddof=0), 300, dag.adjacency, 0.8), rel=1e-12)
    assert dag.score == dag.start_scores.max()
    for score, adjacency in zip(dag.start_scores, dag.start_adjacencies, strict=True):
        assert score == pytest.approx(total_bic_score(np.cov(X.T, ddof=0), 300, adjacency, 0.8), rel=1e-12)
    assert (dag.n_starts, dag.converged, dag.timed_out) == (5, True, False)


def test_scale_and_mean_of_a_column_do_not_matter() -> None:
    scale = np.logspace(-8, 8, 10)
    dag, scaled = grasp(X), grasp(X * scale + 3 * scale)
    np.testing.assert_array_equal(dag.adjacency, scaled.adjacency)
    assert scaled.score == pytest.approx(dag.score - 300 * np.log(scale).sum(), abs=1e-4)


def test_data_and_covariance_are_the_same_question() -> None:
    one, other = grasp(X), grasp(covariance=np.cov(X.T, ddof=0), n_samples=300)
    np.testing.assert_array_equal(one.adjacency, other.adjacency)
    assert one.score == pytest.approx(other.score, rel=1e-12)


def test_data_frames_bring_names_and_tensors_are_matrices() -> None:
    names = [f"class {k}" for k in range(10)]
    dag = grasp(pd.DataFrame(X, columns=names), required=[("class 0", "class 1")], forbidden=[("class 2", 3)])
    assert dag.names == tuple(names)
    assert "class 0" in dag.parents("class 1")
    assert "class 2" not in dag.parents(3)
    assert grasp(torch.tensor(X)).adjacency.tobytes() == grasp(X).adjacency.tobytes()


def test_time_limit_returns_a_valid_marked_graph() -> None:
    rng = np.random.default_rng(0)
    x = sample(random_dag(80, 240, rng)[1], 400, rng)
    dag = grasp(x, restarts=10_000, time_limit=0.2)
    assert dag.timed_out
    assert not dag.converged
    assert dag.n_starts < 10_000
    assert len(topological_order(dag.adjacency)) == 80
    at_once = grasp(x, time_limit=1e-9)
    assert at_once.timed_out
    assert at_once.n_starts == 0
    assert len(at_once.start_scores) == 1
    assert at_once.score == pytest.approx(total_bic_score(np.cov(x.T, ddof=0), 400, at_once.adjacency), rel=1e-12)


def test_networkx_has_all_columns_and_weights() -> None:
    dag = grasp(X)
    weights = np.where(dag.adjacency, 0.5, 0.0)
    graph = dag.to_networkx(weights)
    assert list(graph.nodes) == list(dag.names)
    assert graph.number_of_edges() == dag.n_edges
    assert {d["weight"] for _, _, d in graph.edges(data=True)} == {0.5}
    with pytest.raises(DataError, match=r"weights: expected \[10, 10\], got \[2, 2\]"):
        dag.to_networkx(np.zeros((2, 2)))


def test_ridge_accepts_what_is_refused_without() -> None:
    x = np.column_stack([X[:, :4], X[:, 0], np.ones(300)])
    dag = grasp(x, ridge=0.01)
    assert not dag.adjacency[5].any()
    assert not dag.adjacency[:, 5].any()
    assert dag.adjacency[0, 4] or dag.adjacency[4, 0]
    assert grasp(X[:8], ridge=0.1).converged


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:10], "10 rows for 10 columns"),
        (lambda x: np.where(np.arange(10) == 2, 7.0, x), "constant column 'x2'"),
        (lambda x: np.column_stack([x[:, :3], x[:, 0] - 2 * x[:, 2]]), "collinear columns 'x0', 'x2', 'x3'"),
        (lambda x: np.exp(x[:, :4]) / np.exp(x[:, :4]).sum(1, keepdims=True), "take their logits"),
        (lambda x: with_entry(x, np.nan), "row 4, column 'x1' is nan"),
        (lambda x: with_entry(x, np.inf), "row 4, column 'x1' is inf"),
        (lambda x: x[:, 0], r"expected a matrix \[rows, columns\], got shape \[300\]"),
        (lambda x: x + 1j, "expected real numbers"),
        (lambda x: pd.DataFrame({"a": x[:, 0], "b": ["?"] * 300}), "column 'b': expected numbers"),
        (lambda x: pd.DataFrame(x[:, :2], columns=["a", "a"]), "'a' names two columns"),
    ],
)  # fmt: skip
def test_bad_data(change: object, message: str) -> None:
    assert callable(change)
    with pytest.raises(DataError, match=message):
        grasp(change(X))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"forbidden": [(0, 1)], "required": [(0, 1)]}, "'x0' → 'x1' is both required and forbidden"),
        ({"required": [(0, 1), (1, 2), (2, 0)]}, "the edges form a cycle: 'x0' → 'x1' → 'x2' → 'x0'"),
        ({"required": [("x0", "y")]}, "required: no column 'y'"),
        ({"forbidden": [("x0", "x11")]}, "forbidden: no column 'x11'; did you mean 'x1'"),
        ({"forbidden": [(0, 10)]}, "column 10 is out of range 0 … 9"),
        ({"required": [(3, 3)]}, "'x3' cannot be its own parent"),
    ],
)
def test_bad_knowledge(options: dict[str, object], message: str) -> None:
    with pytest.raises(GraphError, match=message):
        grasp(X, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["a"]}, "names: expected 10, one per column, got 1"),
        ({"penalty_discount": 0.0}, "penalty_discount: expected a number above 0, got 0"),
        ({"depth": 0}, "depth: expected at least 1 tuck, got 0"),
        ({"restarts": 0}, "restarts: expected at least 1 start, got 0"),
        ({"seed": -1}, "seed: expected 0"),
        ({"time_limit": 0.0}, "time_limit: expected seconds above 0"),
        ({"ridge": -1.0}, "ridge: expected a number above 0"),
        ({"n_samples": 5}, "n_samples belongs to covariance="),
        ({"engine": "causal-learn", "time_limit": 1.0}, "engine 'causal-learn' takes data"),
        ({"engine": "causal-learn", "perturbations": 5}, "engine 'causal-learn' takes data: no .*, perturbations"),
        ({"perturbations": -1}, "perturbations: expected at least 0, got -1"),
    ],
)
def test_bad_settings(options: dict[str, object], message: str) -> None:
    with pytest.raises(AvgraphError, match=message):
        grasp(X, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("covariance", "n", "message"),
    [
        (np.ones((2, 3)), 10, r"covariance: expected a square matrix, got \[2, 3\]"),
        (np.array([[1.0, 0.5], [0.2, 1.0]]), 10, "not symmetric at"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), 10, "not positive definite"),
        (np.array([[1.0, np.nan], [0.2, 1.0]]), 10, r"entry \('x0', 'x1'\) is nan"),
        (np.eye(3), 3, "3 rows for 3 columns"),
        (np.eye(3), None, "covariance: expected n_samples="),
    ],
)
def test_bad_covariance(covariance: np.ndarray, n: int | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        grasp(covariance=covariance, n_samples=n)


def test_class_of_a_graph_against_all_equivalent_graphs() -> None:
    # By definition: an edge is directed in the class if every graph with its skeleton and colliders has it that way.
    rng = np.random.default_rng(0)
    for _ in range(30):
        graph, _ = random_dag(5, int(rng.integers(2, 9)), rng)
        expected = np.zeros_like(graph)
        edges = np.argwhere(graph)
        for flips in range(2 ** len(edges)):
            other = np.zeros_like(graph)
            for k, (a, b) in enumerate(edges):
                other[(b, a) if flips >> k & 1 else (a, b)] = True
            try:
                topological_order(other)
            except GraphError:
                continue
            if _colliders(other) == _colliders(graph):
                expected |= other
        np.testing.assert_array_equal(cpdag_of(graph), expected)
        extended = extend_to_dag(expected)
        assert _colliders(extended) == _colliders(graph)
        np.testing.assert_array_equal(extended | extended.T, graph | graph.T)


def test_what_has_no_dag_is_refused() -> None:
    cycle = np.roll(np.eye(3, dtype=bool), 1, axis=1)
    with pytest.raises(GraphError, match="expected a DAG, got a graph with a cycle"):
        cpdag_of(cycle)
    with pytest.raises(GraphError, match="has no DAG"):
        extend_to_dag(cycle)


def _colliders(graph: np.ndarray) -> set[tuple[int, int, int]]:
    return {
        (a, y, b)
        for y in range(len(graph))
        for a in np.flatnonzero(graph[:, y]).tolist()
        for b in np.flatnonzero(graph[:, y]).tolist()
        if a < b and not graph[a, b] and not graph[b, a]
    }
