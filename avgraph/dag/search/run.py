"""All starts of a search and the perturbations of the best one, within a time limit, interruptible."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from avgraph.dag.search.problem import make_problem
from avgraph.dag.search.workers import Start, Workers
from avgraph.runtime.progress import counted


@dataclass(frozen=True, eq=False)
class Found:
    """What the random starts found, the last of which may have been cut short; and the best of all.

    ``best`` is one of the starts, or what a perturbation of it led to. ``converged``: nothing was cut short.
    """

    starts: tuple[Start, ...]
    best: Start
    converged: bool

    @property
    def n_finished(self) -> int:
        """Starts that reached their local optimum."""
        return sum(start.finished for start in self.starts)


def search(
    correlation: Float[np.ndarray, "p p"],
    n_samples: int,
    penalty_discount: float,
    depth: int,
    restarts: int,
    perturbations: int,
    seed: int,
    time_limit: float | None,
    forbidden: Bool[np.ndarray, "p p"],
    required: Bool[np.ndarray, "p p"],
    threads: int = 1,
) -> Found:
    """Run ``restarts`` starts, then begin anew near the best; with any number of threads alike, to the last bit.

    Example:
        >>> none = np.zeros((2, 2), dtype=bool)
        >>> found = search(np.array([[1.0, 0.8], [0.8, 1.0]]), 100, 1.0, 3, 1, 0, 0, None, none, none)
        >>> found.best.adjacency.sum()
        np.int64(1)
    """
    until = None if time_limit is None else time.monotonic() + time_limit
    problem = make_problem(correlation, n_samples, penalty_discount, forbidden, required)
    threads = min(threads, max(restarts, perturbations))
    with (
        counted(restarts + perturbations, "search") as advance,
        Workers(problem, depth, seed, threads, until).open() as workers,
    ):
        starts = []
        for begun in [workers.begin(number) for number in range(restarts)]:
            start = workers.result(begun)
            if start is not None:
                starts.append(start)
            advance()
        best = max(starts, key=lambda start: start.total)
        if not workers.stopped:
            best = _perturb(best, restarts, perturbations, seed, required, threads, workers, advance)
        return Found(tuple(starts), best, not workers.stopped)


def _perturb(
    best: Start,
    restarts: int,
    perturbations: int,
    seed: int,
    required: Bool[np.ndarray, "p p"],
    threads: int,
    workers: Workers,
    advance: Callable[..., None],
) -> Start:
    """Begin anew near the best so often, each time near the best of all before.

    Threads try the next perturbations of the same ordering at once. Where one leads to a better ordering, those behind
    it are dropped and tried again from there.
    """
    tried = 0
    while tried < perturbations and not workers.stopped:
        begun = []
        for round_ in range(tried, min(tried + threads, perturbations)):
            order = perturbed(best.order, required, np.random.default_rng([seed, round_]))
            begun.append(workers.begin(restarts + round_, order))
        while begun:
            found = workers.result(begun.pop(0))
            tried += 1
            advance()
            if found is not None and found.total > best.total:
                best = found
                if not workers.stopped:
                    workers.drop(begun)
                    break
    return best


def perturbed(
    order: Int[np.ndarray, " p"], required: Bool[np.ndarray, "p p"], rng: np.random.Generator
) -> Int[np.ndarray, " p"]:
    """Exchange ⌈log p⌉ random pairs; one that would put a child before a required parent stays where it is.

    Example:
        >>> perturbed(np.arange(4), np.zeros((4, 4), dtype=bool), np.random.default_rng(0)).tolist()
        [1, 0, 3, 2]
    """
    p = len(order)
    result = order.copy()
    if p < 2:
        return result
    for _ in range(int(np.ceil(np.log(p)))):
        low, high = sorted(rng.choice(p, 2, replace=False))
        between = result[low : high + 1]
        first, last = between[0], between[-1]
        if not (required[first, between].any() or required[between, last].any()):
            result[low], result[high] = last, first
    return result
