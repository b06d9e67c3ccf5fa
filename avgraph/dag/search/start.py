"""One start: best-move sweeps of an ordering until none helps, then GRaSP's tucks; both again while they help.

What they lead to is warmed up: better parents from where they stand (`exchange`), best moves with them (`warm_sweep`).
A perturbation of a good ordering gets that alone.

Sweeps are best moves (BOSS, Andrews et al. 2023). A variable v is tried at every position at once. With w_0 … w_{p−2}
the ordering without v, its total score at slot j is

    f_v(w_0 … w_{j−1}) + Σ_{k<j} f_{w_k}(w_0 … w_{k−1}) + Σ_{k≥j} f_{w_k}(w_0 … w_{k−1}, v)

so one walk per variable, with and without v in its prefix, gives all p totals. f_v changes only where the prefix
gains a variable that a walk had to pass over, which the walk itself reports.

Tucks go depth first in three tiers, each relaxing the one before (GRaSP, Lam, Andrews & Ramsey 2022). Tier 0 tucks
covered edges, tier 1 also edges that are the only directed path between their ends (singular), tier 2 every edge. The
relaxation is of the first tuck of a sequence; the later ones are of covered edges. A tuck that raises the score is
kept; one that leaves it as it is, is followed further, to ``depth`` tucks, and else undone.
"""

from __future__ import annotations

from pathlib import Path
from typing import no_type_check
from zlib import crc32

import numpy as np
from numba import njit

from avgraph.dag.search.compiled import inlined, inner, shuffle
from avgraph.dag.search.dfs import dfs
from avgraph.dag.search.exchange import exchange
from avgraph.dag.search.order import random_order, update, update_all
from avgraph.dag.search.trees import trace, trace_both
from avgraph.dag.search.warm import warm_sweep


@no_type_check
def _run_start(seed, given, problem, trees, work, frames, state, history):
    """Search from a random ordering, or warmly from the one ``given`` in ``state``, which is near a good one.

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
    while problem.stop[0] == 0 and not given:
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
    history[2] += _warmly(state, problem, trees, work, rng)
    return problem.stop[0] == 0


@inlined()
@no_type_check
def _warmly(state, problem, trees, work, rng):
    """Better parents from where they stand, and best moves with them, while the score rises; by how much."""
    p, rise = len(state.order), 0.0
    found = np.empty(p, dtype=np.int64)
    while problem.stop[0] == 0:
        for y in range(p):
            before = state.score[y]
            if (
                trees.score[trace(y, state.position[y], state.position, problem, trees, work)]
                > before + problem.tolerance
            ):
                update(y, state.position[y], state.position, state, problem, trees, work)
            rise += state.score[y] - before + exchange(y, found, state, problem, work)
        moved = warm_sweep(state, problem, work, rng)
        rise += moved
        if moved == 0.0:
            break
    return rise


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


@inner()
@no_type_check
def sweep(state, problem, trees, work, rng):
    """Move every variable, in random order, to its best position. Returns whether the score rose."""
    p = len(state.order)
    variables = np.arange(p)
    shuffle(variables, rng)
    rest, slot_score = np.empty(p, dtype=np.int64), np.empty(p)
    improved = False
    for v in variables:
        if problem.stop[0] != 0:
            break
        improved |= _move(v, rest, slot_score, state, problem, trees, work)
    return improved


@inlined()
@no_type_check
def _move(v, rest, total, state, problem, trees, work):
    p, order, position = len(state.order), state.order, state.position
    here = position[v]
    low, high = 0, p - 1  # required edges bound where v may stand
    for k in range(p - 1):
        w = order[k] if k < here else order[k + 1]
        rest[k], position[w] = w, k
        if problem.required[w, v]:
            low = k + 1
        if problem.required[v, w] and k < high:
            high = k
    position[v] = p + 1
    # total[j], relative to slot ``low``: what the others lose or gain when v stands behind w_low … w_{j−1}.
    total[low] = 0.0
    for k in range(low, high):
        if problem.stop[0] != 0:  # one move can take seconds where columns have a hundred parents
            break
        without, with_v = trace_both(rest[k], k, position, v, problem, trees, work)
        total[k + 1] = total[k] + without - with_v
    slot = low
    while slot <= high and problem.stop[0] == 0:
        own = trees.score[trace(v, slot, position, problem, trees, work)]
        until = min(np.int64(high + 1), work.walk[0].next_change)
        while slot < until:
            total[slot] += own
            slot += 1
    best = here
    for slot in range(low, high + 1 if problem.stop[0] == 0 else low):
        if total[slot] > total[best] + problem.tolerance:
            best = slot
    for k in range(p):
        order[k] = v if k == best else rest[k if k < best else k - 1]
        position[order[k]] = k
    return best != here


@inner()
@no_type_check
def relax(frames, state, problem, trees, work, rng):
    """Tuck until no tier improves. Returns whether the score rose."""
    p = len(state.order)
    variables = np.arange(p)
    risen, tier = False, 0
    while tier < 3 and problem.stop[0] == 0:
        improved, in_vain = False, 0
        shuffle(variables, rng)
        frames.visited[:, 0] = 0
        while in_vain < p and problem.stop[0] == 0:
            for y in variables:
                if dfs(y, tier, frames, state, problem, trees, work, rng):
                    frames.visited[:, 0] = 0
                    improved, in_vain = True, 0
                else:
                    in_vain += 1
                if in_vain == p or problem.stop[0] != 0:
                    break
        risen |= improved
        # The edges of the lower tiers have been tried in vain; after a change they are worth trying again.
        tier = 0 if improved else tier + 1
    return risen
