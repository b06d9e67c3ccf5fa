"""Best-move sweeps (as in BOSS, Andrews et al. 2023): the greedy start of a search.

A variable v is tried at every position at once. With w_0 … w_{p−2} the ordering without v, its total score at slot j is

    f_v(w_0 … w_{j−1}) + Σ_{k<j} f_{w_k}(w_0 … w_{k−1}) + Σ_{k≥j} f_{w_k}(w_0 … w_{k−1}, v)

so one walk per variable, with and without v in its prefix, gives all p totals. f_v changes only where the prefix
gains a variable that a walk had to pass over, which the walk itself reports.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inlined, inner
from avgraph.dag.search.rng import shuffle
from avgraph.dag.search.trees import trace, trace_both


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
