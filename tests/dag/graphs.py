"""Random linear Gaussian graphs and naive references."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import numpy.typing as npt

from avgraph.dag import bic_score

Matrix = npt.NDArray[np.float64]
Graph = npt.NDArray[np.bool_]


def random_dag(p: int, n_edges: int, rng: np.random.Generator) -> tuple[Graph, Matrix]:
    """A random DAG with ``n_edges`` edges and its weights, columns in random order."""
    upper = np.argwhere(np.triu(np.ones((p, p)), 1))
    chosen = upper[rng.choice(len(upper), n_edges, replace=False)]
    weights = np.zeros((p, p))
    weights[tuple(chosen.T)] = rng.uniform(0.5, 1.5, n_edges) * rng.choice([-1, 1], n_edges)
    shuffled = rng.permutation(p)
    weights = weights[np.ix_(shuffled, shuffled)]
    return weights != 0, weights


def covariance_of(weights: Matrix, noise: Matrix) -> Matrix:
    """Covariance that a linear model implies: (I − W)⁻ᵀ diag(noise) (I − W)⁻¹."""
    mixing = np.linalg.inv(np.eye(len(weights)) - weights)
    return mixing.T @ np.diag(noise) @ mixing


def sample(weights: Matrix, n: int, rng: np.random.Generator) -> Matrix:
    mixing = np.linalg.inv(np.eye(len(weights)) - weights)
    return rng.normal(size=(n, len(weights))) @ mixing


def naive_parents(covariance: Matrix, n: int, target: int, before: list[int], penalty: float) -> list[int]:
    """Grow–shrink word for word."""
    parents: list[int] = []
    score = bic_score(covariance, n, target, parents, penalty)
    while True:
        options = [(bic_score(covariance, n, target, [*parents, z], penalty), z) for z in before if z not in parents]
        if not options or max(options)[0] <= score:
            break
        score, best = max(options)
        parents.append(best)
    while parents:
        options = [(bic_score(covariance, n, target, [q for q in parents if q != z], penalty), z) for z in parents]
        if max(options)[0] <= score:
            break
        score, worst = max(options)
        parents.remove(worst)
    return parents


def naive_score(covariance: Matrix, n: int, order: list[int], penalty: float) -> float:
    return sum(
        bic_score(covariance, n, y, naive_parents(covariance, n, y, order[:k], penalty), penalty)
        for k, y in enumerate(order)
    )


def exhaustive_score(covariance: Matrix, n: int, penalty: float) -> float:
    """Best grow–shrink score over all orderings."""
    return max(naive_score(covariance, n, list(order), penalty) for order in permutations(range(len(covariance))))
