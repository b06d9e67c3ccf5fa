"""Best moves once more, with parents that begin where they stand (warm starts: FLOP, Wienöbst & Henckel 2025).

A variable v walks away from its place, to the left and to the right, past one other variable w at a time. To the left w
may take v up as a parent, and v loses w; to the right w loses v, and v may take it up. Whoever loses a parent, or finds
a new one that pays, begins with the parents that it has (`improve`); all others keep theirs. So a step costs a partial
correlation, and one walk gives the total score at every place.
"""

from __future__ import annotations

from math import log, sqrt
from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import contains, inlined, inner, shuffle
from avgraph.dag.search.exchange import improve, on_path, write
from avgraph.dag.search.grow_shrink import SINGULAR


@inner()
@no_type_check
def warm_sweep(state, problem, work, rng):
    """Move every variable, in random order, to its best position. Returns by how much the score rose."""
    p = len(state.order)
    variables = np.arange(p)
    shuffle(variables, rng)
    found, own, best = np.empty(p, dtype=np.int64), np.empty(p, dtype=np.int64), np.empty(p, dtype=np.int64)
    rise = 0.0
    for v in variables:
        if problem.stop[0] != 0:
            break
        rise += _move(v, found, own, best, state, problem, work)
    return rise


@inlined()
@no_type_check
def _move(v, found, own, best, state, problem, work):
    p, order, position, path = len(state.order), state.order, state.position, work.path
    here = position[v]
    place, most, n_best, best_score = here, problem.tolerance, 0, 0.0
    for step in (-1, 1):
        position[v] = -1 if step < 0 else p + 1  # in the prefix of whoever it passes, or in none
        others = 0.0
        score, count = state.score[v], on_path(v, state.parents[v], -1, found, problem, path)
        for k in range(count):
            own[k] = path[k].parent
        at = here + step
        while 0 <= at < p and problem.stop[0] == 0:
            w = order[at]
            if problem.required[w, v] if step < 0 else problem.required[v, w]:
                break
            depth = _passed(w, v, step, found, state, problem, path, work)
            if depth >= 0:
                others += improve(w, depth, at, position, problem, work)[1] - state.score[w]
            changed = False
            if step < 0:
                for k in range(count):
                    if own[k] == w:
                        for m in range(k, count - 1):
                            own[m] = own[m + 1]
                        count -= 1
                        changed = True
                        break
            elif problem.candidate[v, w]:
                for k in range(count):
                    path[k].parent = own[k]
                if _pays(v, w, count, problem, path, work):
                    own[count] = w
                    count += 1
                    changed = True
            if changed:
                for k in range(count):
                    path[k].parent = own[k]
                count, score = improve(v, count, at if step < 0 else at + 1, position, problem, work)
                for k in range(count):
                    own[k] = path[k].parent
            total = others + score - state.score[v]
            if total > most:
                place, most, n_best, best_score = at, total, count, score
                for k in range(count):
                    best[k] = own[k]
            at += step
    if place == here or problem.stop[0] != 0:
        position[v] = here
        return 0.0
    step = -1 if place < here else 1
    position[v] = -1 if step < 0 else p + 1
    at = here + step
    while True:
        w = order[at]
        depth = _passed(w, v, step, found, state, problem, path, work)
        if depth >= 0:
            depth, score = improve(w, depth, at, position, problem, work)
            write(w, depth, score, state, path)
        if at == place:
            break
        at += step
    for k in range(n_best):
        path[k].parent = best[k]
    write(v, n_best, best_score, state, path)
    for k in range(here, place, step):
        order[k] = order[k + step]
        position[order[k]] = k
    order[place], position[v] = v, place
    return most


@inner()
@no_type_check
def _passed(w, v, step, found, state, problem, path, work):
    """Write to ``path`` what ``w`` begins with once ``v`` has passed it; -1 where it keeps the parents that it has."""
    if step > 0:
        return on_path(w, state.parents[w], v, found, problem, path) if contains(state.parents[w], v) else -1
    if not problem.candidate[w, v]:
        return -1
    depth = on_path(w, state.parents[w], -1, found, problem, path)
    if not _pays(w, v, depth, problem, path, work):
        return -1
    path[depth].parent = v
    return depth + 1


@inner()
@no_type_check
def _pays(y, z, depth, problem, path, work):
    """Whether ``z`` raises the score of ``y`` beside ``path[:depth]``, by a Cholesky factor of these alone."""
    r, factor, of_y = problem.correlation, work.regression.inverse, work.regression.beta
    variance_y, variance_z, covariance = r[y, y], r[z, z], r[y, z]
    for k in range(depth):
        a = path[k].parent
        slope_y, slope_z = r[a, y], r[a, z]
        for m in range(k + 1):
            entry = r[a, path[m].parent]
            for i in range(m):
                entry -= factor[k, i] * factor[m, i]
            factor[k, m] = sqrt(entry) if m == k else entry / factor[m, m]
        for i in range(k):
            slope_y -= factor[k, i] * of_y[i]
            slope_z -= factor[k, i] * work.ratio[i]
        of_y[k], work.ratio[k] = slope_y / factor[k, k], slope_z / factor[k, k]
        variance_y -= of_y[k] * of_y[k]
        variance_z -= work.ratio[k] * work.ratio[k]
        covariance -= of_y[k] * work.ratio[k]
    if variance_z <= SINGULAR:
        return False
    left = 1.0 - covariance * covariance / (variance_y * variance_z)
    return left > 0.0 and -problem.half_n * log(left) > problem.penalty + problem.tolerance
