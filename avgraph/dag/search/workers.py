"""Starts of a search beside each other: threads, each with memory of its own, that can be told to stop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from jaxtyping import Bool, Float, Int

from avgraph.dag.search.arrays import Frames, State, Trees, Work, make_frames, make_state, make_trees, make_work
from avgraph.dag.search.problem import Problem
from avgraph.dag.search.start import run_start
from avgraph.runtime.interrupt import raised_at_the_end


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


class _Memory(NamedTuple):
    """What one start at a time works in; the next finds the grow–shrink results of the last there."""

    trees: Trees
    work: Work
    frames: Frames
    stop: npt.NDArray[Any]  # [1]


class Workers:
    """Run starts on threads, in memory that is taken in turn; what a start finds depends on its number alone.

    The compiled search holds no lock of the interpreter, so that threads run beside each other and a time limit or
    Ctrl-C reaches it: it looks at its ``stop`` between moves.

    Args:
        problem: the question.
        depth: tucks that a sequence may have.
        seed: of all starts.
        threads: starts at a time.
        until: time (`time.monotonic`) at which all stop.
    """

    def __init__(self, problem: Problem, depth: int, seed: int, threads: int, until: float | None) -> None:
        self._problem, self._seed, self._until = problem, seed, until
        p = len(problem.correlation)
        self._memories = [
            _Memory(make_trees(p, threads), make_work(p), make_frames(p, depth), np.zeros(1, dtype=np.int64))
            for _ in range(threads)
        ]
        self._free: SimpleQueue[_Memory] = SimpleQueue()
        for memory in self._memories:
            self._free.put(memory)
        self._pool = ThreadPoolExecutor(max_workers=threads)
        self.stopped = False

    @contextmanager
    def open(self) -> Iterator[Workers]:
        """Wait for all threads at the end, also where a signal ends the block."""
        with raised_at_the_end(self.stop), self._pool:
            try:
                yield self
            except BaseException:
                self.stop()  # else the pool would wait for the starts to end by themselves
                raise

    def begin(self, number: int, order: Int[np.ndarray, " p"] | None = None) -> Future[Start | None]:
        """A start from the random ordering of its number, or from ``order``; it is None where all were stopped before.

        Start 0 always gives a graph.
        """
        return self._pool.submit(self._run, number, order)

    def result(self, started: Future[Start | None]) -> Start | None:
        """Wait for a start, until the time is up: then all are cut short."""
        left = None if self._until is None else max(self._until - time.monotonic(), 0.0)
        try:
            return started.result(timeout=left)
        except FutureTimeout:
            self.stop()
            return started.result()

    def stop(self) -> None:
        """Cut short what runs, and begin nothing more."""
        self.stopped = True
        self._cut_short()

    def drop(self, started: list[Future[Start | None]]) -> None:
        """Cut these short, which are all that are left, and forget them."""
        for one in started:
            one.cancel()
        self._cut_short()
        for one in started:
            if not one.cancelled():
                one.result()
        for memory in self._memories:
            memory.stop[0] = self.stopped

    def _cut_short(self) -> None:
        for memory in self._memories:
            memory.stop[0] = 1

    def _run(self, number: int, order: Int[np.ndarray, " p"] | None) -> Start | None:
        if self.stopped and number > 0:
            return None
        memory = self._free.get()
        try:
            return self._search(number, order, memory)
        finally:
            self._free.put(memory)

    def _search(self, number: int, order: Int[np.ndarray, " p"] | None, memory: _Memory) -> Start:
        p = len(self._problem.correlation)
        state, phases, begun = make_state(p), np.zeros(3), time.monotonic()
        if order is not None:
            state.order[:] = order
            state.position[order] = np.arange(p)
        # Seed and number are scrambled together by the generator, so neighbouring seeds share no start.
        own_seed = np.random.SeedSequence([self._seed, number]).generate_state(1, np.uint64)[0]
        problem = self._problem._replace(stop=memory.stop)
        done = run_start(own_seed, order is not None, problem, memory.trees, memory.work, memory.frames, state, phases)
        return Start(state.order, _adjacency(state, p), phases, time.monotonic() - begun, bool(done))


def _adjacency(state: State, p: int) -> Bool[np.ndarray, "p p"]:
    """Parent row → child column, from one bitset of parents per child."""
    bits = np.unpackbits(state.parents.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return np.ascontiguousarray(bits[:, :p].T).astype(np.bool_)
