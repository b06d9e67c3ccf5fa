"""Grow–shrink: which further parents would raise the score, best first; then the removal that raises it most, again.

With Σ the correlations of the parents P, β = Σ⁻¹ Σ_{P y} and s² the residual variance, removing parent a raises s²
by βₐ² / (Σ⁻¹)ₐₐ; Σ⁻¹ and β without a follow from those with it by one rank-one update (reverse sweep).
"""

from __future__ import annotations

from math import log, sqrt
from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inlined, inner


@inner()
@no_type_check
def condition(y, depth, correlation, path, given):
    """Variances and covariances with ``y`` given ``path[:depth]``; rows shared with the last path are kept."""
    kept, p = 0, len(correlation)
    rows, variance, covariance = given.rows, given.variance, given.covariance
    if given.kept[0].child == y:
        while kept < min(depth, given.kept[0].length) and given.parent[kept] == path[kept].parent:
            kept += 1
    else:
        for z in range(p):
            variance[0, z] = correlation[z, z]
            covariance[0, z] = correlation[y, z]
    for k in range(kept, depth):
        a, row = path[k].parent, rows[k]
        for z in range(p):
            row[z] = correlation[a, z]
        for i in range(k):
            above, factor = rows[i], rows[i, a]
            for z in range(p):
                row[z] -= factor * above[z]
        scale = 1.0 / sqrt(variance[k, a])
        slope = row[y] * scale
        for z in range(p):
            row[z] *= scale
            variance[k + 1, z] = variance[k, z] - row[z] * row[z]
            covariance[k + 1, z] = covariance[k, z] - slope * row[z]
        given.parent[k] = a
    given.kept[0].child, given.kept[0].length = y, depth


# Below this variance given the parents a candidate is a combination of them.
SINGULAR = 1e-11


@inlined()
@no_type_check
def grow(y, node, depth, problem, trees, work):
    """Write the branches of ``node``, which stands for ``depth`` parents of ``y``; false if the pool has no room."""
    p = len(trees.root)
    if trees.used[1] + p > len(trees.variable):
        return False
    path, given, excluded, ratio = work.path, work.given, work.excluded, work.ratio
    condition(y, depth, problem.correlation, path, given)
    variance, covariance = given.variance[depth], given.covariance[depth]
    variable, fixed = trees.variable, problem.n_required[y]
    for step in range(depth):
        excluded[path[step].parent] = True
        if step >= fixed:
            for branch in range(path[step].first, path[step].branch):
                excluded[variable[branch]] = True
    threshold = problem.least_gain * variance[y]
    candidate, found, begin = problem.candidate[y], 0, trees.used[1]
    for z in range(p):
        if not candidate[z] or excluded[z] or variance[z] <= SINGULAR:
            continue
        if covariance[z] * covariance[z] > threshold * variance[z]:
            ratio[found] = covariance[z] * covariance[z] / variance[z]
            variable[begin + found] = z
            found += 1
    for step in range(depth):
        excluded[path[step].parent] = False
        if step >= fixed:
            for branch in range(path[step].first, path[step].branch):
                excluded[variable[branch]] = False
    _sort(begin, found, variable, trees.child, ratio)
    trees.first[node], trees.n_branches[node] = begin, found
    trees.used[1] += found
    return True


@inner()
@no_type_check
def _sort(begin, found, variable, child, ratio):
    """Branches by falling ratio: a shell sort, since `numpy.argsort` takes four seconds to compile."""
    gap = 1
    while gap < found:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, found):
            z, key, at = variable[begin + k], ratio[k], k
            while at >= gap and ratio[at - gap] < key:
                ratio[at], variable[begin + at] = ratio[at - gap], variable[begin + at - gap]
                at -= gap
            ratio[at], variable[begin + at] = key, z
        gap //= 3
    for k in range(begin, begin + found):
        child[k] = -1


@inlined()
@no_type_check
def shrink(y, node, depth, problem, trees, work):
    """Write the score and the parents of ``node``, which was grown to ``depth``; false if the pool has no room."""
    if trees.used[2] + depth > len(trees.pool):
        return False
    path, kept = work.path, work.regression.kept
    condition(y, depth, problem.correlation, path, work.given)
    score = remove(y, depth, work.given.variance[depth, y], problem, path, work.regression)
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
def remove(y, depth, residual, problem, path, regression):
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
