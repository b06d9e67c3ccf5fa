"""GRaSP: the DAG of the best total BIC over orderings, with parents by grow–shrink and what makes them better.

Lam, Andrews & Ramsey, "Greedy relaxations of the sparsest permutation algorithm", UAI 2022. Each start sweeps a random
ordering greedily (every variable to its best position, as BOSS does) and then relaxes it by GRaSP's tucks; sweeps and
tucks alternate until neither raises the score; then parents are made better from where they stand, and variables moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from avgraph.dag.bic import total_bic_score
from avgraph.dag.knowledge import Pairs, check_consistent, edge_matrix
from avgraph.dag.moments import Moments, moments_of_covariance, moments_of_data
from avgraph.dag.result import DAG
from avgraph.errors import DataError
from avgraph.runtime.threads import usable_threads

PERTURBATIONS = 5  # where none are given
_MOST_COLUMNS = 2**15 - 1  # the search keeps them as 16-bit integers


def grasp(
    data: Any = None,
    *,
    covariance: Any = None,
    n_samples: int | None = None,
    penalty_discount: float = 1.0,
    depth: int = 3,
    restarts: int = 5,
    perturbations: int | None = None,
    seed: int = 0,
    time_limit: float | None = None,
    names: Sequence[str] | None = None,
    forbidden: Pairs | None = None,
    required: Pairs | None = None,
    ridge: float | None = None,
    threads: int | None = None,
    engine: Literal["numba", "causal-learn"] = "numba",
) -> DAG:
    """Learn a DAG over the columns of ``data``, or from a ``covariance`` of ``n_samples`` rows.

    The same input and seed give the same result to the last bit, on any number of threads, unless time runs out. The
    first call in an installation compiles the search, which takes up to a minute; later ones load it from disk.

    Args:
        data: [n, p] array, tensor or data frame; linear relations with Gaussian noise are assumed.
        covariance: [p, p], divided by n, in place of ``data``.
        n_samples: rows behind ``covariance``.
        penalty_discount: weight of log n per edge; higher gives fewer edges. 0.5 is the textbook BIC.
        depth: tucks that a sequence may have before it must have raised the score.
        restarts: random orderings to start from; the best result is returned, all are kept.
        perturbations: times to begin anew near the best ordering; worth its time on dense data, where starts differ
            (default: 5).
        seed: of the random orderings and of the order in which moves are tried.
        time_limit: seconds after which the best graph so far is returned, with ``converged`` false.
        names: of the columns (default: those of the data frame, else x0, x1, …).
        forbidden: pairs (parent, child), by name or number, that must not be edges.
        required: pairs (parent, child) that must be edges.
        ridge: share of its variance added to each column, for data whose columns are collinear or constant.
        threads: starts, and perturbations, that are tried beside each other; by default what torch takes where it is
            loaded, else ``OMP_NUM_THREADS``, else the cores of this process.
        engine: ``"numba"``, or ``"causal-learn"`` for the reference implementation (slow; no knowledge, time limit,
            perturbations, covariance, ridge or threads).

    Raises:
        DataError: if a value is not finite, columns are constant or collinear, n ≤ p, or an argument is out of range.
        GraphError: if the knowledge contradicts itself or names an unknown column.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> rain, sprinkler = rng.normal(size=(2, 500))
        >>> wet = rain + sprinkler + 0.5 * rng.normal(size=500)
        >>> dag = grasp(np.stack([rain, sprinkler, wet], axis=1), names=["rain", "sprinkler", "wet"])
        >>> dag.parents("wet"), dag.converged
        (['rain', 'sprinkler'], True)
    """
    rounds = PERTURBATIONS if perturbations is None else perturbations
    _check_settings(penalty_discount, depth, restarts, rounds, seed, time_limit, threads)
    if engine == "causal-learn":
        from avgraph.dag.causal_learn import grasp_reference

        refused = {
            "covariance": covariance, "n_samples": n_samples, "time_limit": time_limit, "forbidden": forbidden,
            "required": required, "ridge": ridge, "threads": threads, "perturbations": perturbations,
        }  # fmt: skip
        if any(given is not None for given in refused.values()):
            raise DataError(f"engine 'causal-learn' takes data: no {', '.join(refused)}")
        return grasp_reference(data, penalty_discount, depth, restarts, seed, names)
    if engine != "numba":
        raise DataError(f"engine: expected 'numba' or 'causal-learn', got {engine!r}")
    moments = _moments(data, covariance, n_samples, names, ridge)
    if len(moments.names) > _MOST_COLUMNS:
        raise DataError(f"expected at most {_MOST_COLUMNS} columns, got {len(moments.names)}")
    forbidden_matrix = edge_matrix(forbidden, moments.names, "forbidden")
    required_matrix = edge_matrix(required, moments.names, "required")
    check_consistent(forbidden_matrix, required_matrix, moments.names)
    from avgraph.dag.search.run import search  # numba is loaded by who searches: after the checks, which are quick

    found = search(
        moments.correlation, moments.n_samples, penalty_discount, depth, restarts, rounds, seed,
        time_limit, forbidden_matrix, required_matrix, threads or usable_threads(),
    )  # fmt: skip
    # The search scores correlations and leaves out what all graphs share: in the units of the data, and with that,
    # every score is shifted alike. The best graph is scored afresh, from its parents.
    score = total_bic_score(moments.correlation, moments.n_samples, found.best.adjacency, penalty_discount)
    score -= moments.n_samples * float(np.log(moments.scale).sum())
    return DAG(
        order=found.best.order,
        adjacency=found.best.adjacency,
        score=score,
        names=moments.names,
        converged=found.converged,
        n_starts=found.n_finished,
        start_scores=np.array([start.total - found.best.total + score for start in found.starts]),
        start_adjacencies=np.stack([start.adjacency for start in found.starts]),
    )


def _moments(
    data: Any, covariance: Any, n_samples: int | None, names: Sequence[str] | None, ridge: float | None
) -> Moments:
    if (data is None) == (covariance is None):
        raise DataError("expected either data or covariance= with n_samples=")
    if covariance is None:
        if n_samples is not None:
            raise DataError("n_samples belongs to covariance=; the rows of data are counted")
        return moments_of_data(data, names, ridge)
    if n_samples is None:
        raise DataError("covariance: expected n_samples=, the number of rows it was computed from")
    return moments_of_covariance(covariance, n_samples, names, ridge)


def _check_settings(
    penalty_discount: float,
    depth: int,
    restarts: int,
    perturbations: int,
    seed: int,
    time_limit: float | None,
    threads: int | None,
) -> None:
    if not 0 < penalty_discount < np.inf:
        raise DataError(f"penalty_discount: expected a number above 0, got {penalty_discount}")
    if depth < 1:
        raise DataError(f"depth: expected at least 1 tuck, got {depth}")
    if restarts < 1:
        raise DataError(f"restarts: expected at least 1 start, got {restarts}")
    if perturbations < 0:
        raise DataError(f"perturbations: expected at least 0, got {perturbations}")
    if not 0 <= seed < 2**63:
        raise DataError(f"seed: expected 0 … 2⁶³ − 1, got {seed}")
    if time_limit is not None and not time_limit > 0:
        raise DataError(f"time_limit: expected seconds above 0, got {time_limit}")
    if threads is not None and threads < 1:
        raise DataError(f"threads: expected at least 1, got {threads}")
