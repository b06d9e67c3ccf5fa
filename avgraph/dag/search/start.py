"""One start: best-move sweeps of an ordering until none helps, then GRaSP's tucks; both again while they help."""

from __future__ import annotations

from pathlib import Path
from typing import no_type_check
from zlib import crc32

import numpy as np
from numba import njit

from avgraph.dag.search.order import random_order, update_all
from avgraph.dag.search.relax import relax
from avgraph.dag.search.sweep import sweep


@no_type_check
def _run_start(seed, given, problem, trees, work, frames, state, history):
    """Search from a random ordering, or the one ``given`` in ``state``.

    Ends early, with a whole graph, when ``problem.stop`` is set.

    ``history`` [3] receives the scores of that ordering, after the greedy sweeps, and at the end, each up to
    the same constants. Returns whether a local optimum was reached.
    """
    rng = np.empty(1, dtype=np.uint64)
    rng[0] = seed
    if not given:
        random_order(state, problem.required, rng)
    history[0] = update_all(state, problem, trees, work)
    swept_once = False
    while problem.stop[0] == 0:
        swept = False
        while sweep(state, problem, trees, work, rng):
            swept = True
        if swept_once and not swept:
            break
        total = update_all(state, problem, trees, work)
        if not swept_once:
            history[1] = total
        swept_once = True
        if not relax(frames, state, problem, trees, work, rng):
            break
    history[2] = update_all(state, problem, trees, work)
    if not swept_once:
        history[1] = history[2]
    return problem.stop[0] == 0


def _sources() -> str:
    """Checksum of this folder."""
    checksum = 0
    for path in sorted(Path(__file__).parent.glob("*.py")):
        checksum = crc32(path.read_bytes(), checksum)
    return f"{checksum:08x}"


# numba names its cache file after the function, and looks for changes in the file of that function alone: it would keep
# using, or fail to read, what it compiled from older versions of the files that this one calls.
_run_start.__qualname__ = f"run_start_{_sources()}"
run_start = njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)(_run_start)
