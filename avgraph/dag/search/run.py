"""All starts of a search, within a time limit, interruptible."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from avgraph.dag.search.arrays import State, make_frames, make_state, make_trees, make_work
from avgraph.dag.search.problem import make_problem
from avgraph.dag.search.start import run_start


@dataclass(frozen=True, eq=False)
class Found:
    """What the starts found; the last one may have been cut short.

    Shapes:
        orders [s, p]; adjacencies [s, p, p]; phases [s, 3]: score, up to a constant, of the random ordering, after
        the greedy sweeps and at the end; seconds [s].
    """

    orders: Int[np.ndarray, "s p"]
    adjacencies: Bool[np.ndarray, "s p p"]
    phases: Float[np.ndarray, "s 3"]
    seconds: Float[np.ndarray, " s"]
    n_finished: int
    converged: bool


def search(
    correlation: Float[np.ndarray, "p p"],
    n_samples: int,
    penalty_discount: float,
    depth: int,
    restarts: int,
    seed: int,
    time_limit: float | None,
    forbidden: Bool[np.ndarray, "p p"],
    required: Bool[np.ndarray, "p p"],
) -> Found:
    """Run ``restarts`` starts one after the other; grow–shrink results are shared between them.

    Example:
        >>> none = np.zeros((2, 2), dtype=bool)
        >>> search(np.array([[1.0, 0.8], [0.8, 1.0]]), 100, 1.0, 3, 1, 0, None, none, none).adjacencies.sum()
        np.int64(1)
    """
    begin = time.monotonic()
    p = len(correlation)
    problem = make_problem(correlation, n_samples, penalty_discount, forbidden, required)
    trees, work, frames = make_trees(p), make_work(p), make_frames(p, depth)
    orders: list[Int[np.ndarray, " p"]] = []
    adjacencies: list[Bool[np.ndarray, "p p"]] = []
    phases: list[Float[np.ndarray, " 3"]] = []
    seconds: list[float] = []
    finished = 0
    # The compiled search runs beside this thread and without the interpreter's lock, so that a time limit or Ctrl-C
    # reaches it: it looks at problem.stop between moves.
    with ThreadPoolExecutor(max_workers=1) as pool:
        for start in range(restarts):
            left = None if time_limit is None else begin + time_limit - time.monotonic()
            if left is not None and left <= 0 and orders:
                break
            state, history, started = make_state(p), np.zeros(3), time.monotonic()
            # Seed and start are scrambled together by the generator, so neighbouring seeds share no start.
            state_seed = np.random.SeedSequence([seed, start]).generate_state(1, np.uint64)[0]
            run = pool.submit(run_start, state_seed, problem, trees, work, frames, state, history)
            try:
                done = run.result(timeout=None if left is None else max(left, 0.0))
            except FutureTimeout:
                problem.stop[0] = 1
                done = run.result()
            except BaseException:
                problem.stop[0] = 1  # else the pool would wait for the search to end by itself
                raise
            orders.append(state.order)
            adjacencies.append(_adjacency(state, p))
            phases.append(history)
            seconds.append(time.monotonic() - started)
            finished += bool(done)
            if not done:
                break
    return Found(
        np.stack(orders), np.stack(adjacencies), np.stack(phases), np.array(seconds), finished, finished == restarts
    )


def _adjacency(state: State, p: int) -> Bool[np.ndarray, "p p"]:
    """Parent row → child column, from one bitset of parents per child."""
    bits = np.unpackbits(state.parents.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return np.ascontiguousarray(bits[:, :p].T).astype(np.bool_)
