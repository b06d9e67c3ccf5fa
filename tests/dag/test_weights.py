from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from avgraph.dag import bootstrap_adjacencies, dependency_weights, edge_frequency, grasp
from avgraph.errors import DataError
from tests.dag.graphs import random_dag, sample

RNG = np.random.default_rng(0)
GRAPH, WEIGHTS = random_dag(8, 14, RNG)
X = sample(WEIGHTS, 200, RNG)
Z = (X - X.mean(axis=0)) / X.std(axis=0)


def normalised(raw: np.ndarray) -> np.ndarray:
    return raw / raw.sum()


def test_least_squares() -> None:
    expected = np.zeros((8, 8))
    for j in range(8):
        parents = np.flatnonzero(GRAPH[:, j])
        expected[parents, j] = np.abs(np.linalg.lstsq(Z[:, parents], Z[:, j])[0])
    weights = dependency_weights(X, GRAPH)
    np.testing.assert_allclose(weights, normalised(expected), atol=1e-12)
    assert weights.sum() == pytest.approx(1)
    assert not weights.diagonal().any()


@pytest.mark.parametrize("l1", [0.01, 0.2])
def test_lasso(l1: float) -> None:
    expected = np.zeros((8, 8))
    for j in range(8):
        parents = np.flatnonzero(GRAPH[:, j])
        if len(parents):
            model = Lasso(alpha=l1, fit_intercept=False, tol=1e-14, max_iter=100_000).fit(Z[:, parents], Z[:, j])
            expected[parents, j] = np.abs(model.coef_)
    np.testing.assert_allclose(dependency_weights(X, GRAPH, l1=l1), normalised(expected), atol=1e-8)


def test_positive_weights_are_those_of_lasso_and_least_squares_above_zero() -> None:
    signed = np.zeros((8, 8))
    for j in range(8):
        parents = np.flatnonzero(GRAPH[:, j])
        signed[parents, j] = np.linalg.lstsq(Z[:, parents], Z[:, j])[0]
    assert (signed < -0.1).any()
    expected = normalised(signed.clip(min=0))
    np.testing.assert_allclose(dependency_weights(X, GRAPH, signs="positive"), expected, atol=1e-12)
    turned = X.copy()
    turned[:, 0] *= -1  # turns the sign of every edge at this column, and of none else
    at_it = np.zeros((8, 8), dtype=bool)
    at_it[0], at_it[:, 0] = True, True
    kept = dependency_weights(turned, GRAPH, signs="positive") > 0
    np.testing.assert_array_equal(kept, GRAPH & (np.where(at_it, -signed, signed) > 0))


def test_nothing_left_is_zeros() -> None:
    assert not dependency_weights(X, np.zeros((8, 8), dtype=bool)).any()
    assert not dependency_weights(X, GRAPH, l1=5.0).any()
    opposite = np.column_stack([X[:, 0], -X[:, 0] + X[:, 1]])
    edge = np.array([[False, True], [False, False]])
    assert not dependency_weights(opposite, edge, signs="positive").any()


def test_bad_weights_input() -> None:
    with pytest.raises(DataError, match=r"adjacency: expected \[8, 8\], got \[3, 3\]"):
        dependency_weights(X, np.zeros((3, 3), dtype=bool))
    with pytest.raises(DataError, match="column 2 is its own parent"):
        dependency_weights(X, np.diag(np.arange(8) == 2))
    with pytest.raises(DataError, match="l1: expected 0 or more"):
        dependency_weights(X, GRAPH, l1=-1.0)
    with pytest.raises((DataError, TypeError), match="'positive'"):  # beartype looks first, under pytest alone
        dependency_weights(X, GRAPH, signs="negative")  # type: ignore[arg-type]


def test_edge_frequency_in_closed_form() -> None:
    graphs = [np.array([[0.0, 0.1], [0.0, 0.0]]), np.array([[0.0, 0.3], [0.2, 0.0]]), np.zeros((2, 2))]
    np.testing.assert_allclose(edge_frequency(graphs), [[0, 2 / 3], [1 / 3, 0]])
    np.testing.assert_allclose(edge_frequency(graphs, 0.1), [[0, 1 / 3], [1 / 3, 0]])  # exceeds: 0.1 itself does not
    dag = grasp(X, restarts=3)
    np.testing.assert_allclose(edge_frequency(dag.start_adjacencies), dag.start_adjacencies.mean(axis=0))
    np.testing.assert_array_equal(edge_frequency([dag, dag]), dag.adjacency)


def test_bad_graphs() -> None:
    with pytest.raises(DataError, match="expected at least one graph, got none"):
        edge_frequency([])
    with pytest.raises(DataError, match=r"graph 1: expected a square matrix .* \[2, 2\], got \[3, 3\]"):
        edge_frequency([np.zeros((2, 2)), np.zeros((3, 3))])


def test_bootstraps_are_seeded_and_differ() -> None:
    one, again = bootstrap_adjacencies(X, 5, seed=1), bootstrap_adjacencies(X, 5, seed=1)
    assert one.tobytes() == again.tobytes()
    assert len({graph.tobytes() for graph in one}) > 1
    with pytest.raises(DataError, match="n_bootstraps: expected at least 1, got 0"):
        bootstrap_adjacencies(X, 0)
    rare = np.column_stack([X[:, 0], np.arange(200) == 0])
    with pytest.raises(DataError, match=r"bootstrap \d+: constant column 'x1'"):
        bootstrap_adjacencies(rare, 30)
