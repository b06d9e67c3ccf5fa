"""Sets of variables as bitsets of 64-bit words."""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inner
from avgraph.dag.search.rng import mix

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
def node_hash(y, words):
    """Hash of a parent set; the hash of a graph is the exclusive or over its nodes, so it is cheap to keep."""
    value = mix(np.uint64(y) + _ONE)
    for w in range(len(words)):
        value = mix(value ^ words[w])
    return value
