"""A weighted dependency graph over the columns of a table: by GRaSP, with how often its starts find each edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from avgraph.dag.learn import grasp
from avgraph.dag.result import DAG
from avgraph.dag.stability import edge_frequency
from avgraph.dag.weights import Signs, dependency_weights


@dataclass(frozen=True, eq=False)
class Dependencies:
    """A weighted DAG over columns.

    Attributes:
        dag: the best graph of the search.
        weights: parent row → child column; they sum to 1, or to 0 without edges.
        frequency: share of the search's starts that found each edge.
    """

    dag: DAG
    weights: Float[np.ndarray, "p p"]
    frequency: Float[np.ndarray, "p p"]


def infer_dependencies(
    data: Any,
    *,
    names: Sequence[str] | None = None,
    penalty_discount: float = 1.0,
    restarts: int = 5,
    seed: int = 0,
    time_limit: float | None = None,
    ridge: float | None = None,
    l1: float = 0.0,
    signs: Signs = "absolute",
) -> Dependencies:
    """GRaSP over the columns; the best start gives the graph and its weights, all of them the frequency (Eq. 4-6, 9).

    The scale of a column changes nothing: the search and the weights see correlations.

    Args:
        data: [n, p] array, tensor or data frame.
        names: of the columns.
        penalty_discount, restarts, seed, time_limit, ridge: see `avgraph.dag.grasp`.
        l1, signs: see `avgraph.dag.dependency_weights`.

    Raises:
        DataError: as `avgraph.dag.grasp` and `avgraph.dag.dependency_weights`: few rows, columns that are constant or
            collinear, an argument out of range.

    Example:
        >>> rain = np.random.default_rng(0).normal(size=(200, 1))
        >>> x = rain + 0.3 * np.random.default_rng(1).normal(size=(200, 2))
        >>> found = infer_dependencies(x, names=["rain", "wet"])
        >>> float(found.weights.sum()), float(found.frequency.sum())
        (1.0, 1.0)
    """
    dag = grasp(
        data,
        penalty_discount=penalty_discount,
        restarts=restarts,
        seed=seed,
        time_limit=time_limit,
        names=names,
        ridge=ridge,
    )
    weights = dependency_weights(data, dag.adjacency, l1=l1, ridge=ridge, signs=signs)
    return Dependencies(dag, weights, edge_frequency(dag.start_adjacencies))
