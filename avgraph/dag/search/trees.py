"""Grow–shrink of one variable on a prefix of the ordering, looked up in its tree; a node is computed once.

All grow scores of a node come from one new Cholesky row: with l the row of the parent just added, the variances and
the covariances with the child of *all* variables given the parents lose l² and l_y · l, and a candidate z raises the
score most where its squared partial correlation c_z² / (v_z · v_y) is largest.
"""

from __future__ import annotations

from math import sqrt
from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inlined, inner
from avgraph.dag.search.shrink import shrink

# Below this variance given the parents a candidate is a combination of them.
_SINGULAR = 1e-11


@inner()
@no_type_check
def trace(y, limit, position, problem, trees, work):
    """Node of ``y`` for the prefix {z: position[z] < limit}; its score and parents stand in ``trees``."""
    leaf = -1
    while leaf < 0:  # -1: the pools were full and have been emptied
        leaf = walk(y, _root(y, problem, trees, work), problem.n_required[y], limit, position, -1, problem, trees, work)
    return leaf


@inner()
@no_type_check
def trace_both(y, limit, position, v, problem, trees, work):
    """Local scores of ``y`` without and with ``v`` in its prefix; ``position[v]`` must be beyond every limit."""
    leaf = -1
    while leaf < 0:
        work.tag[2] = -1
        leaf = walk(y, _root(y, problem, trees, work), problem.n_required[y], limit, position, v, problem, trees, work)
    without = trees.score[leaf]
    depth = work.tag[2]
    if depth < 0:
        return without, without  # v was never better than what was taken
    branch, beyond = work.tag[3], position[v]
    position[v] = -1
    work.path[depth], work.path_first[depth], work.path_branch[depth] = v, work.tag[4], branch
    leaf = walk(y, _child(branch, trees), depth + 1, limit, position, -1, problem, trees, work)
    if leaf < 0:
        leaf = trace(y, limit, position, problem, trees, work)
    position[v] = beyond
    return without, trees.score[leaf]


@inner()
@no_type_check
def walk(y, node, depth, limit, position, special, problem, trees, work):
    """Follow the tree from ``node``; -1 if the pools had to be emptied on the way.

    The first time variable ``special`` would have been taken, had it been in the prefix, is noted in ``work.tag``.
    """
    change = np.int64(2**62)
    while True:
        if node < 0 or (trees.first[node] < 0 and not _expand(y, node, depth, problem, trees, work)):
            _empty(trees)
            return -1
        begin = trees.first[node]
        end = begin + trees.n_branches[node]
        taken = -1
        for branch in range(begin, end):
            z = trees.variable[branch]
            where = position[z]
            if where < limit:
                taken = branch
                break
            if z == special and work.tag[2] < 0:
                work.tag[2], work.tag[3], work.tag[4] = depth, branch, begin
            change = min(change, where)
        if taken < 0:
            break
        work.path[depth], work.path_first[depth], work.path_branch[depth] = z, begin, taken
        depth += 1
        node = _child(taken, trees)
    work.next_change[0] = change + 1
    if np.isnan(trees.score[node]) and not _finish(y, node, depth, problem, trees, work):
        _empty(trees)
        return -1
    return node


@inlined()
@no_type_check
def _root(y, problem, trees, work):
    """The node of the required parents, which are in every prefix."""
    depth = 0
    for x in range(len(problem.required)):
        if depth < problem.n_required[y] and problem.required[x, y]:
            work.path[depth] = x
            depth += 1
    if trees.root[y] < 0:
        trees.root[y] = _new_node(trees)
    return trees.root[y]


@inner()
@no_type_check
def _child(branch, trees):
    if trees.child[branch] < 0:
        trees.child[branch] = _new_node(trees)
    return trees.child[branch]


@inner()
@no_type_check
def _new_node(trees):
    node = trees.used[0]
    if node == len(trees.first):
        return -1
    trees.used[0] += 1
    trees.first[node] = -1
    trees.score[node] = np.nan
    return node


@inner()
@no_type_check
def _empty(trees):
    trees.used[:] = 0
    trees.root[:] = -1


@inlined()
@no_type_check
def _expand(y, node, depth, problem, trees, work):
    """Write the branches of ``node``; false if the pool has no room."""
    p = len(trees.root)
    if trees.used[1] + p > len(trees.variable):
        return False
    _condition(y, depth, problem, work)
    variance, covariance = work.variance[depth], work.covariance[depth]
    fixed = problem.n_required[y]
    for step in range(depth):
        work.excluded[work.path[step]] = True
        if step >= fixed:
            for branch in range(work.path_first[step], work.path_branch[step]):
                work.excluded[trees.variable[branch]] = True
    threshold = problem.least_gain * variance[y]
    candidate, found, begin = problem.candidate[y], 0, trees.used[1]
    for z in range(p):
        if not candidate[z] or work.excluded[z] or variance[z] <= _SINGULAR:
            continue
        if covariance[z] * covariance[z] > threshold * variance[z]:
            work.ratio[found] = covariance[z] * covariance[z] / variance[z]
            trees.variable[begin + found] = z
            found += 1
    for step in range(depth):
        work.excluded[work.path[step]] = False
        if step >= fixed:
            for branch in range(work.path_first[step], work.path_branch[step]):
                work.excluded[trees.variable[branch]] = False
    _sort(begin, found, trees.variable, trees.child, work.ratio)
    trees.first[node], trees.n_branches[node] = begin, found
    trees.used[1] += found
    return True


@inlined()
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
def _condition(y, depth, problem, work):
    """Variances and covariances with ``y`` given the path; rows shared with the last path are kept."""
    r, rows, path, p = problem.correlation, work.rows, work.path, len(problem.correlation)
    kept = 0
    if work.tag[0] == y:
        while kept < min(depth, work.tag[1]) and work.held[kept] == path[kept]:
            kept += 1
    else:
        for z in range(p):
            work.variance[0, z] = r[z, z]
            work.covariance[0, z] = r[y, z]
    for k in range(kept, depth):
        a, row = path[k], rows[k]
        for z in range(p):
            row[z] = r[a, z]
        for i in range(k):
            above, factor = rows[i], rows[i, a]
            for z in range(p):
                row[z] -= factor * above[z]
        scale = 1.0 / sqrt(work.variance[k, a])
        slope = row[y] * scale
        variance, covariance = work.variance[k], work.covariance[k]
        new_variance, new_covariance = work.variance[k + 1], work.covariance[k + 1]
        for z in range(p):
            row[z] *= scale
            new_variance[z] = variance[z] - row[z] * row[z]
            new_covariance[z] = covariance[z] - slope * row[z]
        work.held[k] = a
    work.tag[0], work.tag[1] = y, depth


@inlined()
@no_type_check
def _finish(y, node, depth, problem, trees, work):
    """Shrink and write score and parents of ``node``; false if the pool has no room."""
    if trees.used[2] + depth > len(trees.pool):
        return False
    _condition(y, depth, problem, work)
    score = shrink(y, depth, problem, work)
    begin = trees.used[2]
    for step in range(depth):
        if work.alive[step]:
            trees.pool[trees.used[2]] = work.path[step]
            trees.used[2] += 1
    trees.score[node], trees.parents[node] = score, begin
    trees.n_parents[node] = trees.used[2] - begin
    return True
