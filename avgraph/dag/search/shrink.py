"""The backward half of grow–shrink: remove the parent whose removal raises the score most, until none does.

With Σ the correlations of the parents P, β = Σ⁻¹ Σ_{P y} and s² the residual variance, removing parent a raises s²
by βₐ² / (Σ⁻¹)ₐₐ; Σ⁻¹ and β without a follow from those with it by one rank-one update (reverse sweep).
"""

from __future__ import annotations

from math import log
from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inner


@inner()
@no_type_check
def shrink(y, depth, fixed, residual, half_n, penalty, r, path, alive, inverse, beta):
    """Shrink ``path[:depth]``, of which the first ``fixed`` must stay; ``alive`` marks what is kept.

    ``residual`` is the variance of ``y`` given the whole path. Returns the local score.
    """
    kept = depth
    for a in range(depth):
        alive[a] = True
    # The last parent was added because it raises the score, so alone it cannot go.
    if depth - fixed > 1:
        residual = _regress(y, depth, r, path, inverse, beta)
        while kept > fixed:
            best, least = -1, np.inf
            for a in range(fixed, depth):
                if alive[a]:
                    increase = beta[a] * beta[a] / inverse[a, a]
                    if increase < least:
                        best, least = a, increase
            if best < 0 or penalty <= half_n * log((residual + least) / residual):
                break
            alive[best] = False
            kept -= 1
            residual += least
            pivot, weight = inverse[best, best], beta[best]
            for a in range(depth):
                if alive[a]:
                    share = inverse[a, best] / pivot
                    beta[a] -= share * weight
                    for b in range(depth):
                        if alive[b]:
                            inverse[a, b] -= share * inverse[best, b]
    return -half_n * log(residual) - penalty * kept


@inner()
@no_type_check
def _regress(y, depth, r, path, inverse, beta):
    """Σ⁻¹ of the path, β of ``y`` on it and the residual variance, by Gauss–Jordan on a positive definite Σ."""
    for a in range(depth):
        beta[a] = r[path[a], y]
        for b in range(depth):
            inverse[a, b] = r[path[a], path[b]]
    residual = r[y, y]
    for k in range(depth):
        pivot = inverse[k, k]
        inverse[k, k] = 1.0
        for b in range(depth):
            inverse[k, b] /= pivot
        weight = beta[k]
        beta[k] = weight / pivot
        residual -= weight * beta[k]
        for a in range(depth):
            if a != k:
                factor = inverse[a, k]
                inverse[a, k] = 0.0
                for b in range(depth):
                    inverse[a, b] -= factor * inverse[k, b]
                beta[a] -= factor * beta[k]
    return residual
