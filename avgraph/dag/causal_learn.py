"""causal-learn's searches behind this package's types.

Its searches return an equivalence class; `DAG.adjacency` is then one DAG of that class, and the score is that DAG's.
causal-learn takes no seed: it reads Python's global generator, which is set for the call and put back afterwards.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from avgraph.dag.bic import total_bic_score
from avgraph.dag.columns import to_matrix
from avgraph.dag.cpdag import extend_to_dag, topological_order
from avgraph.dag.moments import Moments, moments_of_data
from avgraph.dag.result import DAG
from avgraph.errors import DataError, GraphError

Matrix = Float[np.ndarray, "n p"]


def grasp_reference(
    data: Any, penalty_discount: float, depth: int, restarts: int, seed: int, names: Sequence[str] | None
) -> DAG:
    """GRaSP as causal-learn implements it, from ``restarts`` random orderings.

    Raises:
        DataError: if the data cannot be used.
    """

    def run(matrix: Matrix) -> Any:
        from causallearn.search.PermutationBased.GRaSP import grasp

        parameters = {"lambda_value": penalty_discount}
        return grasp(matrix, "local_score_BIC_from_cov", depth, parameters, verbose=False).graph

    return _run(run, data, names, penalty_discount, restarts, seed)


def boss_reference(data: Any, penalty_discount: float, restarts: int, seed: int, names: Sequence[str] | None) -> DAG:
    """BOSS (best order score search), from ``restarts`` runs.

    Raises:
        DataError: if the data cannot be used.
    """

    def run(matrix: Matrix) -> Any:
        from causallearn.search.PermutationBased.BOSS import boss

        parameters = {"lambda_value": penalty_discount}
        return boss(matrix, "local_score_BIC_from_cov", parameters, verbose=False).graph

    return _run(run, data, names, penalty_discount, restarts, seed)


def ges_reference(data: Any, penalty_discount: float, names: Sequence[str] | None) -> DAG:
    """GES (greedy equivalence search).

    Raises:
        DataError: if the data cannot be used.
    """

    def run(matrix: Matrix) -> Any:
        from causallearn.search.ScoreBased.GES import ges

        covariance = np.cov(matrix.T, ddof=0)
        return ges(cov=covariance, n=len(matrix), lambda_value=penalty_discount)["G"].graph

    return _run(run, data, names, penalty_discount, 1, 0)


def pc_reference(data: Any, alpha: float, names: Sequence[str] | None) -> DAG:
    """PC with Fisher's z test at level ``alpha``; the score is the BIC with penalty discount 1, for comparison only.

    Raises:
        DataError: if the data cannot be used, or PC's tests contradict each other so that no DAG has its result.
    """

    def run(matrix: Matrix) -> Any:
        from causallearn.search.ConstraintBased.PC import pc

        return pc(matrix, alpha=alpha, show_progress=False).G.graph

    try:
        return _run(run, data, names, 1.0, 1, 0)
    except GraphError as error:
        raise DataError(f"PC at alpha {alpha}: its tests contradict each other: {error}; try another alpha") from error


def exact_reference(data: Any, names: Sequence[str] | None) -> DAG:
    """The best graph of all, by A*; its time doubles with every column and its score is the BIC with discount 0.5.

    Raises:
        DataError: if the data cannot be used.
    """

    def run(matrix: Matrix) -> Any:
        from causallearn.search.ScoreBased.ExactSearch import bic_exact_search

        adjacency, _ = bic_exact_search(matrix)
        return adjacency.astype(np.int64).T - adjacency.astype(np.int64)

    return _run(run, data, names, 0.5, 1, 0)


def _run(
    run: Callable[[Matrix], Any],
    data: Any,
    names: Sequence[str] | None,
    penalty_discount: float,
    restarts: int,
    seed: int,
) -> DAG:
    moments = moments_of_data(data, names)
    matrix, _ = to_matrix(data)
    matrix = (matrix - matrix.mean(axis=0)) / moments.scale
    shift = moments.n_samples * float(np.log(moments.scale).sum())
    adjacencies, scores = [], []
    with _seeded(seed):
        for _ in range(restarts):
            adjacencies.append(extend_to_dag(_class_of(run(matrix.copy()))))
            scores.append(_score(moments, adjacencies[-1], penalty_discount) - shift)
    best = int(np.argmax(scores))
    order = np.array(topological_order(adjacencies[best]), dtype=np.int64)
    return DAG(
        order, adjacencies[best], scores[best], moments.names, True, restarts, np.array(scores), np.stack(adjacencies)
    )


def _class_of(graph: Any) -> Bool[np.ndarray, "p p"]:
    """causal-learn's end marks (graph[j, i] = 1 and graph[i, j] = −1: i → j; both −1: i — j) as a matrix."""
    marks = np.asarray(graph)
    tail, head = marks == -1, marks == 1
    # Two heads are an edge that PC's tests orient both ways: kept as undirected, for the extension to decide.
    mixed: Bool[np.ndarray, "p p"] = (tail & head.T) | (tail & tail.T) | (head & head.T)
    return mixed


def _score(moments: Moments, adjacency: Bool[np.ndarray, "p p"], penalty_discount: float) -> float:
    return total_bic_score(moments.correlation, moments.n_samples, adjacency, penalty_discount)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    before = random.getstate()
    random.seed(seed)
    try:
        with warnings.catch_warnings():
            # Its imports and numpy calls warn of deprecations that no caller of this package can act on.
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(before)
