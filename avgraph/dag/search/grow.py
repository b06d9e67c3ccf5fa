"""The forward half of grow–shrink: which further parents would raise the score, best first.

All grow scores of a node come from one new Cholesky row: with l the row of the parent just added, the variances and
the covariances with the child of *all* variables given the parents lose l² and l_y · l, and a candidate z raises the
score most where its squared partial correlation c_z² / (v_z · v_y) is largest.
"""

from __future__ import annotations

from typing import no_type_check

from avgraph.dag.search.compiled import inlined, inner
from avgraph.dag.search.conditional import condition

# Below this variance given the parents a candidate is a combination of them.
_SINGULAR = 1e-11


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
        if not candidate[z] or excluded[z] or variance[z] <= _SINGULAR:
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
