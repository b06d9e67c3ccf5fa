from __future__ import annotations

import random

import numpy as np
import pytest

from avgraph.dag import grasp, total_bic_score
from avgraph.dag.algorithms import discover
from avgraph.dag.causal_learn import _seeded
from avgraph.errors import DataError
from tests.dag.graphs import random_dag, sample

RNG = np.random.default_rng(5)
TRUTH, WEIGHTS = random_dag(6, 6, RNG)
X = sample(WEIGHTS, 2000, RNG)


def test_all_algorithms_find_an_easy_graph() -> None:
    skeleton = TRUTH | TRUTH.T
    for algorithm in ("grasp", "boss", "ges", "pc"):
        found = discover(X, algorithm)  # type: ignore[arg-type]
        np.testing.assert_array_equal(found.adjacency | found.adjacency.T, skeleton, err_msg=algorithm)
    exact = discover(X[:, :5], "exact")
    ours = grasp(X[:, :5], penalty_discount=0.5, restarts=20)
    assert exact.score == pytest.approx(ours.score, rel=1e-12)


def test_the_reference_engine_gives_the_same_kind_of_result() -> None:
    reference = grasp(X, engine="causal-learn", restarts=2, seed=1)
    again = grasp(X, engine="causal-learn", restarts=2, seed=1)
    assert reference.adjacency.tobytes() == again.adjacency.tobytes()
    assert reference.score == pytest.approx(total_bic_score(np.cov(X.T, ddof=0), 2000, reference.adjacency), rel=1e-12)
    assert reference.score == pytest.approx(grasp(X).score, rel=1e-12)


def test_the_global_generator_is_put_back() -> None:
    state = random.getstate()
    with _seeded(1):
        random.random()
    assert random.getstate() == state


def test_unknown_algorithms_and_options_that_are_not_theirs() -> None:
    with pytest.raises(DataError, match="seed: not an option of algorithm 'pc'; its options: alpha"):
        discover(X, "pc", seed=1)
    with pytest.raises(DataError, match="penalty_discount: not an option of algorithm 'exact'; its options: none"):
        discover(X, "exact", penalty_discount=1.0)
    with pytest.raises(DataError, match="alpha: expected a level between 0 and 1, got 2"):
        discover(X, "pc", alpha=2.0)
