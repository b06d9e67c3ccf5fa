"""Random numbers inside compiled code: splitmix64, whose whole state is one integer that the caller owns."""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inner

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
