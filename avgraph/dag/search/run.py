"""All starts of a search and the perturbations of the best one, within a time limit, interruptible."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from functools import partial
from math import expm1, log
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from jaxtyping import Bool, Float, Int

from avgraph.dag.search.arrays import State, make_frames, make_state, make_trees, make_work
from avgraph.dag.search.start import run_start
from avgraph.runtime.interrupt import raised_at_the_end
from avgraph.runtime.progress import counted

Array = npt.NDArray[Any]


class Problem(NamedTuple):
    """The question.

    Shapes:
        correlation [p, p]; candidate [p, p], row: child, whether a column may become its parent; required [p, p],
        row: parent; n_required [p]: parents each child must have; stop [1]: set to 1 from outside to end the search.
    """

    correlation: Array
    half_n: float
    penalty: float
    least_gain: float
    tolerance: float
    candidate: Array
    required: Array
    n_required: Array
    stop: Array


def make_problem(
    correlation: Array, n_samples: int, penalty_discount: float, forbidden: Array, required: Array
) -> Problem:
    """The question in the compiled functions' terms; ``forbidden`` and ``required`` [p, p] are parent → child."""
    p = len(correlation)
    penalty = penalty_discount * log(n_samples)
    candidate = ~forbidden.T & ~required.T
    np.fill_diagonal(candidate, False)
    return Problem(
        correlation=np.ascontiguousarray(correlation, dtype=np.float64),
        half_n=n_samples / 2,
        penalty=penalty,
        # −n/2 · log(1 − r²) > penalty, solved for r²: no logarithm per candidate.
        least_gain=-expm1(-2 * penalty / n_samples),
        # Local scores carry a rounding error that grows with n; the smallest real difference is far larger.
        tolerance=1e-9 * n_samples,
        candidate=np.ascontiguousarray(candidate),
        required=np.ascontiguousarray(required),
        n_required=required.sum(axis=0, dtype=np.int64) if p else np.zeros(0, dtype=np.int64),
        stop=np.zeros(1, dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class Start:
    """Where one start ended.

    Shapes:
        order [p]; adjacency [p, p]; phases [3]: score, up to a constant, of the ordering it began with, after the
        greedy sweeps and at the end.
    """

    order: Int[np.ndarray, " p"]
    adjacency: Bool[np.ndarray, "p p"]
    phases: Float[np.ndarray, " 3"]
    seconds: float
    finished: bool

    @property
    def total(self) -> float:
        """Score at the end, up to a constant."""
        return float(self.phases[-1])


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
) -> Found:
    """Run ``restarts`` starts one after the other, then begin anew near the best; all share grow–shrink results.

    Example:
        >>> none = np.zeros((2, 2), dtype=bool)
        >>> found = search(np.array([[1.0, 0.8], [0.8, 1.0]]), 100, 1.0, 3, 1, 0, 0, None, none, none)
        >>> found.best.adjacency.sum()
        np.int64(1)
    """
    begin = time.monotonic()
    p = len(correlation)
    problem = make_problem(correlation, n_samples, penalty_discount, forbidden, required)
    trees, work, frames = make_trees(p), make_work(p), make_frames(p, depth)
    # The compiled search runs beside this thread and without the interpreter's lock, so that a time limit or Ctrl-C
    # reaches it: it looks at problem.stop between moves.
    stop = partial(problem.stop.fill, 1)
    with (
        raised_at_the_end(stop),
        counted(restarts + perturbations, "search") as advance,
        ThreadPoolExecutor(max_workers=1) as pool,
    ):

        def run(number: int, order: Int[np.ndarray, " p"] | None = None) -> Start:
            left = None if time_limit is None else max(begin + time_limit - time.monotonic(), 0.0)
            state, phases, started = make_state(p), np.zeros(3), time.monotonic()
            if order is not None:
                state.order[:] = order
                state.position[order] = np.arange(p)
            # Seed and number are scrambled together by the generator, so neighbouring seeds share no start.
            own_seed = np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0]
            future = pool.submit(run_start, own_seed, order is not None, problem, trees, work, frames, state, phases)
            try:
                done = future.result(timeout=left)
            except FutureTimeout:
                stop()
                done = future.result()
            except BaseException:
                stop()  # else the pool would wait for the search to end by itself
                raise
            advance()
            return Start(state.order, _adjacency(state, p), phases, time.monotonic() - started, bool(done))

        starts = [run(0)]
        while starts[-1].finished and len(starts) < restarts:
            starts.append(run(len(starts)))
        best, last = max(starts, key=lambda start: start.total), starts[-1]
        for round_ in range(perturbations):
            if not last.finished:
                break
            order = perturbed(best.order, required, np.random.default_rng([seed, round_]))
            last = run(restarts + round_, order)
            if last.total > best.total:
                best = last
    return Found(tuple(starts), best, last.finished)


def _adjacency(state: State, p: int) -> Bool[np.ndarray, "p p"]:
    """Parent row → child column, from one bitset of parents per child."""
    bits = np.unpackbits(state.parents.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return np.ascontiguousarray(bits[:, :p].T).astype(np.bool_)


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
