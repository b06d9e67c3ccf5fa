"""An ordering with the parents and local scores it implies. Sets of variables are bitsets of 64-bit words."""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inlined, inner
from avgraph.dag.search.rng import mix, shuffle
from avgraph.dag.search.trees import trace

_ONE, _ZERO, _63 = np.uint64(1), np.uint64(0), np.uint64(63)


@inner()
@no_type_check
def contains(words, z):
    """Whether the bitset ``words`` holds ``z``."""
    return (words[z >> 6] >> (np.uint64(z) & _63)) & _ONE != _ZERO


@inner()
@no_type_check
def insert(words, z):
    """Put ``z`` into the bitset ``words``."""
    words[z >> 6] |= _ONE << (np.uint64(z) & _63)


@inner()
@no_type_check
def members(words, out):
    """Write the members of a bitset to ``out``, ascending; returns how many."""
    found = 0
    for w in range(len(words)):
        word, z = words[w], w << 6
        while word != _ZERO:
            if word & _ONE != _ZERO:
                out[found] = z
                found += 1
            word >>= _ONE
            z += 1
    return found


@inner()
@no_type_check
def refresh(y, limit, position, state, problem, trees, work):
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
def node_hash(y, words):
    """Hash of a parent set; the hash of a graph is the exclusive or over its nodes, so it is cheap to keep."""
    value = mix(np.uint64(y) + _ONE)
    for w in range(len(words)):
        value = mix(value ^ words[w])
    return value


@inner()
@no_type_check
def refresh_all(state, problem, trees, work):
    """Parents and scores of every variable; returns the total score, up to constants."""
    total = 0.0
    for k in range(len(state.order)):
        refresh(state.order[k], k, state.position, state, problem, trees, work)
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
