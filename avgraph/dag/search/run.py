"""All starts of a search and the perturbations of the best one, within a time limit, interruptible."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from avgraph.dag.search.arrays import State, make_frames, make_state, make_trees, make_work
from avgraph.dag.search.perturb import perturbed
from avgraph.dag.search.problem import make_problem
from avgraph.dag.search.start import run_start
from avgraph.runtime.progress import counted


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
    with counted(restarts + perturbations, "search") as advance, ThreadPoolExecutor(max_workers=1) as pool:

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
                problem.stop[0] = 1
                done = future.result()
            except BaseException:
                problem.stop[0] = 1  # else the pool would wait for the search to end by itself
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
