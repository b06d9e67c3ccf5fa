"""The compiled parts against their definitions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avgraph.dag import DAG, grasp, total_bic_score
from avgraph.dag.cpdag import topological_order
from avgraph.dag.search import arrays
from avgraph.dag.search.run import perturbed, search
from tests.dag.graphs import covariance_of, exhaustive_score, naive_parents, random_dag, sample

SETTINGS = settings(deadline=None, max_examples=25)


def gains(correlation: np.ndarray, n: int, dag: DAG, discount: float) -> list[float]:
    """By how much each variable's parents score above grow–shrink on the order; no single change makes them better."""
    order, found = dag.order.tolist(), []
    for k, y in enumerate(order):

        def score(parents: set[int], y: int = y) -> float:
            among = sorted(parents)
            explained = correlation[y, among] @ np.linalg.solve(
                correlation[np.ix_(among, among)], correlation[among, y]
            )
            return float(-n / 2 * np.log(1 - explained) - discount * np.log(n) * len(among))

        def can_rise(parents: set[int], before: Sequence[int] = order[:k], score: Any = score) -> bool:
            others = set(before) - parents
            changed = [parents | {z} for z in others] + [parents - {a} for a in parents]
            changed += [parents - {a} | {z} for a in parents for z in others]
            return any(score(other) > score(parents) + 1e-6 for other in changed)

        grown, parents = (
            set(naive_parents(correlation, n, y, order[:k], discount)),
            set(dag.adjacency[:, y].nonzero()[0]),
        )
        assert not can_rise(parents)
        found.append(score(parents) - score(grown))
        assert parents == grown or found[-1] > 1e-6
    return found


@SETTINGS
@given(st.integers(2, 9), st.integers(0, 2**32), st.sampled_from([0.5, 1.0, 2.0]))
def test_parents_are_at_least_as_good_as_grow_shrink_on_the_returned_order(p: int, seed: int, discount: float) -> None:
    rng = np.random.default_rng(seed)
    n_edges = int(rng.integers(0, p * (p - 1) // 2 + 1))
    x = sample(random_dag(p, n_edges, rng)[1], 150, rng)
    dag = grasp(x, penalty_discount=discount, restarts=2, seed=seed)
    assert min(gains(np.corrcoef(x.T), 150, dag, discount)) >= 0


@pytest.mark.slow
def test_on_a_dense_table_parents_are_exchanged_where_that_is_better() -> None:
    above = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(2000, 8)) @ rng.normal(size=(8, 24)) + 0.3 * rng.normal(size=(2000, 24))
        found = gains(np.corrcoef(x.T), 2000, grasp(x, restarts=1, seed=seed), 1.0)
        assert min(found) >= 0
        above.append(max(found))
    assert max(above) > 0.1


def test_an_exchange_obeys_what_is_known() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5)) @ rng.normal(size=(5, 18)) + 0.3 * rng.normal(size=(400, 18))
    names = [f"c{k}" for k in range(18)]
    free = grasp(x, names=names, restarts=1)
    pairs = [(names[a], names[b]) for a, b in zip(*free.adjacency.nonzero(), strict=True)]
    forbidden, required = pairs[::3], [(names[a], names[a + 1]) for a in range(0, 18, 3)]
    forbidden = [pair for pair in forbidden if pair not in required]
    dag = grasp(x, names=names, restarts=1, forbidden=forbidden, required=required)
    found = {(names[a], names[b]) for a, b in zip(*dag.adjacency.nonzero(), strict=True)}
    assert set(required) <= found
    assert not found & set(forbidden)
    position = {name: place for place, name in enumerate(names[k] for k in dag.order)}
    assert all(position[a] < position[b] for a, b in found)
    assert dag.score == pytest.approx(total_bic_score(np.cov(x.T, ddof=0), 400, dag.adjacency, 1.0))


@pytest.mark.parametrize("seed", range(6))
def test_at_most_five_columns_equal_exhaustive_search(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = 3 + seed % 3
    x = sample(random_dag(p, int(rng.integers(p - 1, p * (p - 1) // 2 + 1)), rng)[1], 200, rng)
    covariance = np.cov(x.T, ddof=0)
    dag = grasp(x, restarts=10)
    assert dag.score == pytest.approx(exhaustive_score(covariance, 200, 1.0), rel=1e-12, abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_the_true_equivalence_class_is_found_in_a_large_sample(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, weights = random_dag(12, 14, rng)
    covariance = covariance_of(weights, rng.uniform(0.5, 1.5, 12))
    dag = grasp(covariance=covariance, n_samples=10**6, restarts=5)
    from avgraph.dag.cpdag import cpdag_of

    np.testing.assert_array_equal(dag.cpdag(), cpdag_of(truth))


def test_tucks_leave_an_optimum_that_sweeps_are_stuck_in() -> None:
    # Of 30 random starts some end higher after the tucks than after the sweeps: the tucks run, and matter.
    rng = np.random.default_rng(0)
    x = sample(random_dag(20, 40, rng)[1], 500, rng)
    none = np.zeros((20, 20), dtype=bool)
    found = search(np.corrcoef(x.T), 500, 1.0, 3, 30, 0, 0, None, none, none)
    begin, swept, end = np.stack([start.phases for start in found.starts]).T
    assert (begin < swept).all()
    assert (end >= swept - 1e-6).all()
    assert (end > swept + 1e-3).any()


def test_full_pools_are_emptied_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = sample(random_dag(25, 60, rng)[1], 300, rng)
    expected = grasp(x, restarts=2)
    make_trees = arrays.make_trees

    def tiny(p: int, threads: int) -> arrays.Trees:
        trees = make_trees(p, threads)
        return trees._replace(
            first=trees.first[:60].copy(), variable=trees.variable[: p * p].copy(), pool=trees.pool[:200].copy()
        )

    monkeypatch.setattr("avgraph.dag.search.workers.make_trees", tiny)
    again = grasp(x, restarts=2)
    assert again.start_adjacencies.tobytes() == expected.start_adjacencies.tobytes()
    assert again.order.tobytes() == expected.order.tobytes()


@SETTINGS
@given(st.integers(2, 8), st.integers(0, 2**32), st.data())
def test_knowledge_is_obeyed_and_the_graph_is_acyclic(p: int, seed: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    x = sample(random_dag(p, p * (p - 1) // 4, rng)[1], 100, rng)
    position = data.draw(st.permutations(range(p)))
    pairs = [(a, b) for a in range(p) for b in range(p) if a != b]
    marked = data.draw(st.lists(st.sampled_from(pairs), unique=True, max_size=2 * p))
    required = [(a, b) for a, b in marked[::2] if position[a] < position[b]]
    forbidden = [pair for pair in marked[1::2] if pair not in required]
    dag = grasp(x, restarts=2, required=required, forbidden=forbidden)
    assert sorted(topological_order(dag.adjacency)) == list(range(p))
    assert all(dag.adjacency[pair] for pair in required)
    assert not any(dag.adjacency[pair] for pair in forbidden)
    place = np.argsort(dag.order)
    assert all(place[a] < place[b] for a, b in np.argwhere(dag.adjacency))
    score = total_bic_score(np.cov(x.T, ddof=0), 100, dag.adjacency)
    assert dag.score == pytest.approx(score, rel=1e-12, abs=1e-7)


def test_perturbations_only_ever_improve_and_leave_the_starts_alone() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 25)) @ rng.normal(size=(25, 25)) + 0.5 * rng.normal(size=(120, 25))  # dense
    alone, more = (grasp(x, restarts=2, perturbations=k) for k in (0, 15))
    assert alone.score == pytest.approx(alone.start_scores.max())
    assert more.score > alone.score + 1e-6
    assert more.start_adjacencies.tobytes() == alone.start_adjacencies.tobytes()
    assert more.score == pytest.approx(total_bic_score(np.cov(x.T, ddof=0), 120, more.adjacency))
    again = grasp(x, restarts=2, perturbations=15)
    assert again.order.tobytes() == more.order.tobytes()
    place = np.argsort(more.order)
    assert all(place[parent] < place[child] for parent, child in np.argwhere(more.adjacency))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(threads: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 25)) @ rng.normal(size=(25, 25)) + 0.5 * rng.normal(size=(120, 25))  # dense
    one, more = (grasp(x, restarts=2, perturbations=15, threads=count) for count in (1, threads))
    assert one.score > one.start_scores.max() + 1e-6  # a perturbation was followed: those beside it were dropped
    assert more.order.tobytes() == one.order.tobytes()
    assert (more.score, more.n_starts, more.converged) == (one.score, 2, True)
    assert more.start_adjacencies.tobytes() == one.start_adjacencies.tobytes()


def test_all_threads_end_with_the_time() -> None:
    before = threading.active_count()
    rng = np.random.default_rng(0)
    x = sample(random_dag(80, 240, rng)[1], 400, rng)
    short = grasp(x, restarts=10_000, time_limit=0.2, threads=3)
    assert short.timed_out
    assert short.n_starts <= len(short.start_scores) <= short.n_starts + 3
    assert short.score == pytest.approx(short.start_scores.max())
    assert threading.active_count() == before


@given(st.integers(1, 12), st.integers(0, 1000))
def test_a_perturbed_ordering_obeys_what_is_required(p: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(p)
    place = np.argsort(order)
    required = (rng.random((p, p)) < 0.2) & (place[:, None] < place[None])
    other = perturbed(order, required, rng)
    assert sorted(other.tolist()) == list(range(p))
    where = np.argsort(other)
    assert all(where[parent] < where[child] for parent, child in np.argwhere(required))
