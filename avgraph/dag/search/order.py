"""An ordering with the parents and local scores it implies."""

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
