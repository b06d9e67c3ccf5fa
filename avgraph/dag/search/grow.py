"""The nodes of grow–shrink trees, computed when a walk first comes by.

All grow scores of a node come from one new Cholesky row: with l the row of the parent just added, the variances and
the covariances with the child of *all* variables given the parents lose l² and l_y · l, and a candidate z raises the
score most where its squared partial correlation c_z² / (v_z · v_y) is largest.
"""

from __future__ import annotations

from math import sqrt
from typing import no_type_check

from avgraph.dag.search.compiled import inlined, inner
from avgraph.dag.search.shrink import shrink

# Below this variance given the parents a candidate is a combination of them.
_SINGULAR = 1e-11


@inlined()
@no_type_check
def expand(y, node, depth, problem, trees, work):
    """Write the branches of ``node``; false if the pool has no room."""
    p = len(trees.root)
    if trees.used[1] + p > len(trees.variable):
        return False
    _condition(y, depth, problem.correlation, work.path, work.held, work.tag, work.rows, work.variance, work.covariance)
    variance, covariance, ratio = work.variance[depth], work.covariance[depth], work.ratio
    path, excluded, variable, fixed = work.path, work.excluded, trees.variable, problem.n_required[y]
    for step in range(depth):
        excluded[path[step]] = True
        if step >= fixed:
            for branch in range(work.path_first[step], work.path_branch[step]):
                excluded[variable[branch]] = True
    threshold = problem.least_gain * variance[y]
    candidate, found, begin = problem.candidate[y], 0, trees.used[1]
    for z in range(p):
        if not candidate[z] or excluded[z] or variance[z] <= _SINGULAR:
            continue
        if covariance[z] * covariance[z] > threshold * variance[z]:
            ratio[found] = covariance[z] * covariance[z] / variance[z]
            variable[begin + found] = z
            found += 1
    for step in range(depth):
        excluded[path[step]] = False
        if step >= fixed:
            for branch in range(work.path_first[step], work.path_branch[step]):
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


@inner()
@no_type_check
def _condition(y, depth, r, path, held, tag, rows, variance, covariance):
    """Variances and covariances with ``y`` given the path; rows shared with the last path are kept."""
    kept, p = 0, len(r)
    if tag[0] == y:
        while kept < min(depth, tag[1]) and held[kept] == path[kept]:
            kept += 1
    else:
        for z in range(p):
            variance[0, z] = r[z, z]
            covariance[0, z] = r[y, z]
    for k in range(kept, depth):
        a, row = path[k], rows[k]
        for z in range(p):
            row[z] = r[a, z]
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
        held[k] = a
    tag[0], tag[1] = y, depth


@inlined()
@no_type_check
def finish(y, node, depth, problem, trees, work):
    """Shrink and write score and parents of ``node``; false if the pool has no room."""
    if trees.used[2] + depth > len(trees.pool):
        return False
    _condition(y, depth, problem.correlation, work.path, work.held, work.tag, work.rows, work.variance, work.covariance)
    score = shrink(
        y, depth, problem.n_required[y], work.variance[depth, y], problem.half_n, problem.penalty,
        problem.correlation, work.path, work.alive, work.inverse, work.beta,
    )  # fmt: skip
    begin = trees.used[2]
    for step in range(depth):
        if work.alive[step]:
            trees.pool[trees.used[2]] = work.path[step]
            trees.used[2] += 1
    trees.score[node], trees.parents[node] = score, begin
    trees.n_parents[node] = trees.used[2] - begin
    return True
