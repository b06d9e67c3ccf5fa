"""The backward half of grow–shrink: remove the parent whose removal raises the score most, until none does.

With Σ the correlations of the parents P, β = Σ⁻¹ Σ_{P y} and s² the residual variance, removing parent a raises s²
by βₐ² / (Σ⁻¹)ₐₐ; Σ⁻¹ and β without a follow from those with it by one rank-one update (reverse sweep).
"""

from __future__ import annotations

from math import log
from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inlined, inner
from avgraph.dag.search.conditional import condition


@inlined()
@no_type_check
def shrink(y, node, depth, problem, trees, work):
    """Write the score and the parents of ``node``, which was grown to ``depth``; false if the pool has no room."""
    if trees.used[2] + depth > len(trees.pool):
        return False
    path, kept = work.path, work.regression.kept
    condition(y, depth, problem.correlation, path, work.given)
    score = _remove(y, depth, work.given.variance[depth, y], problem, path, work.regression)
    begin = trees.used[2]
    for step in range(depth):
        if kept[step]:
            trees.pool[trees.used[2]] = path[step].parent
            trees.used[2] += 1
    trees.score[node], trees.parents[node] = score, begin
    trees.n_parents[node] = trees.used[2] - begin
    return True


@inner()
@no_type_check
def _remove(y, depth, residual, problem, path, regression):
    """Remove parents from ``path[:depth]``, not the required ones it begins with; returns the local score.

    ``residual`` is the variance of ``y`` given the whole path.
    """
    kept, beta, inverse = regression.kept, regression.beta, regression.inverse
    fixed, half_n, penalty = problem.n_required[y], problem.half_n, problem.penalty
    left = depth
    for a in range(depth):
        kept[a] = True
    # The last parent was added because it raises the score, so alone it cannot go.
    if depth - fixed > 1:
        residual = _regress(y, depth, problem.correlation, path, inverse, beta)
        while left > fixed:
            best, least = -1, np.inf
            for a in range(fixed, depth):
                if kept[a]:
                    increase = beta[a] * beta[a] / inverse[a, a]
                    if increase < least:
                        best, least = a, increase
            if best < 0 or penalty <= half_n * log((residual + least) / residual):
                break
            kept[best] = False
            left -= 1
            residual += least
            pivot, weight = inverse[best, best], beta[best]
            for a in range(depth):
                if kept[a]:
                    share = inverse[a, best] / pivot
                    beta[a] -= share * weight
                    for b in range(depth):
                        if kept[b]:
                            inverse[a, b] -= share * inverse[best, b]
    return -half_n * log(residual) - penalty * left


@inner()
@no_type_check
def _regress(y, depth, r, path, inverse, beta):
    """Σ⁻¹ of the path, β of ``y`` on it and the residual variance, by Gauss–Jordan on a positive definite Σ."""
    for a in range(depth):
        beta[a] = r[path[a].parent, y]
        for b in range(depth):
            inverse[a, b] = r[path[a].parent, path[b].parent]
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
