"""How the search is compiled, once per installation and kept on disk; random numbers and sets in compiled code.

numba optimises and translates a function together with all that it calls, again for every caller above it. Functions
called from one place are therefore inlined before that, unless they need few arrays: this, and no wrappers for Python,
took compilation from 70 s to 29 s (two busy cores, numba 0.68). Random numbers are splitmix64's, whose whole state is
one integer that the caller owns; sets of variables are bitsets of 64-bit words.
"""

from __future__ import annotations

from functools import partial
from typing import no_type_check

import numpy as np
from numba import njit

# Only compiled code calls these: no wrapper for Python, and no cache of their own, as the entry's holds them.
inner = partial(njit, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined = partial(njit, nogil=True, error_model="numpy", inline="always")


_STEP, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)


@inner()
@no_type_check
def mix(value):
    """Scramble 64 bits: neighbouring values give unrelated results."""
    value = (value ^ (value >> _S30)) * _MIX_1
    value = (value ^ (value >> _S27)) * _MIX_2
    return value ^ (value >> _S31)


@inner()
@no_type_check
def shuffle(values, rng):
    """Shuffle in place; ``rng`` [1] is the state."""
    for last in range(len(values) - 1, 0, -1):
        rng[0] += _STEP
        # The high half times the range, instead of a remainder: no division.
        other = np.int64(((mix(rng[0]) >> _S32) * np.uint64(last + 1)) >> _S32)
        values[last], values[other] = values[other], values[last]


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
