"""An ordering with the parents and local scores it implies, and a tuck of it.

A tuck (Lam, Andrews & Ramsey 2022, Def. 3): y, with its ancestors among what stands between, moves before x.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import contains, inlined, inner, insert, node_hash, shuffle
from avgraph.dag.search.trees import trace

_ONE, _ZERO = np.uint64(1), np.uint64(0)


@inner()
@no_type_check
def update(y, limit, position, state, problem, trees, work):
    """Write the score and the parents of ``y`` for its prefix into ``state``; returns whether the parents changed."""
    leaf = trace(y, limit, position, problem, trees, work)
    state.score[y] = trees.score[leaf]
    words, changed = state.parents[y], False
    begin, count = trees.parents[leaf], trees.n_parents[leaf]
    old = 0
    for w in range(len(words)):
        word = words[w]
        while word != _ZERO:
            old += 1
            word &= word - _ONE
    if old == count:
        for k in range(begin, begin + count):
            if not contains(words, trees.pool[k]):
                changed = True
                break
    else:
        changed = True
    if changed:
        state.hash[0] ^= node_hash(y, words)
        words[:] = 0
        for k in range(begin, begin + count):
            insert(words, trees.pool[k])
        state.hash[0] ^= node_hash(y, words)
    return changed


@inner()
@no_type_check
def update_all(state, problem, trees, work):
    """Parents and scores of every variable; returns the total score, up to constants."""
    total = 0.0
    for k in range(len(state.order)):
        update(state.order[k], k, state.position, state, problem, trees, work)
        total += state.score[state.order[k]]
    return total


@inlined()
@no_type_check
def random_order(state, required, rng):
    """Shuffle; then the first variable whose required parents are placed comes next, so that knowledge is obeyed."""
    p = len(state.order)
    shuffled = np.arange(p)
    shuffle(shuffled, rng)
    waits_for = np.zeros(p, dtype=np.int64)
    for y in range(p):
        for x in range(p):
            waits_for[y] += required[x, y]
    for k in range(p):
        for y in shuffled:
            if waits_for[y] == 0:
                break
        waits_for[y] = -1
        for z in range(p):
            waits_for[z] -= required[y, z]
        state.order[k] = y
    for k in range(p):
        state.position[state.order[k]] = k


@inner()
@no_type_check
def is_covered(x, y, parents):
    """Whether the edge x → y is covered: the parents of y are x and the parents of x."""
    for w in range(len(parents[y])):
        extra = parents[y, w] ^ parents[x, w]
        if w == x >> 6:
            extra ^= np.uint64(1) << (np.uint64(x) & np.uint64(63))
        if extra != np.uint64(0):
            return False
    return True


@inner()
@no_type_check
def plan_tuck(x, y, segment, ancestors, state, required):
    """Write the order of positions position[x] … position[y] after the tuck to ``segment``.

    Returns its length and whether x → y is singular: the only directed path from x to y. Length 0: a required edge
    forbids the tuck.
    """
    order, parents = state.order, state.parents
    low, high = state.position[x], state.position[y]
    length = high - low + 1
    for w in range(len(ancestors)):
        ancestors[w] = parents[y, w]
    singular = True
    if required[x, y]:
        return 0, singular
    # From the back: what moves goes to the end of the buffer, and what stays behind it, both turned round below.
    moved, stays = 1, 0
    segment[0] = y
    for k in range(high - 1, low, -1):
        z = order[k]
        if contains(ancestors, z):
            if required[x, z]:
                return 0, singular
            if contains(parents[z], x):
                singular = False
            for w in range(len(ancestors)):
                ancestors[w] |= parents[z, w]
            segment[moved] = z
            moved += 1
        else:
            segment[length + stays] = z
            stays += 1
    for k in range(moved // 2):
        segment[k], segment[moved - 1 - k] = segment[moved - 1 - k], segment[k]
    segment[moved] = x
    for k in range(stays):
        segment[moved + 1 + k] = segment[length + stays - 1 - k]
    return length, singular


@inlined()
@no_type_check
def gain(segment, length, low, state, problem, trees, work):
    """Change of the total score if ``segment`` stood from position ``low`` on."""
    for k in range(length):
        state.position[segment[k]] = low + k
    change = 0.0
    for k in range(length):
        if problem.stop[0] != 0:
            change = -np.inf
            break
        z = segment[k]
        change += trees.score[trace(z, low + k, state.position, problem, trees, work)] - state.score[z]
    for k in range(low, low + length):
        state.position[state.order[k]] = k
    return change


@inner()
@no_type_check
def tuck(segment, length, low, changed, state, problem, trees, work):
    """Let ``segment`` stand from position ``low`` on; variables whose parents change are marked in ``changed``."""
    for k in range(length):
        state.order[low + k] = segment[k]
        state.position[segment[k]] = low + k
    for k in range(low, low + length):
        z = state.order[k]
        if update(z, k, state.position, state, problem, trees, work):
            changed[z] = True
