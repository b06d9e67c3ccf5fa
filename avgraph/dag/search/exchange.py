"""The parents of a variable made better from where they stand: added, left out, exchanged.

Grow–shrink begins with no parents at every prefix, and on dense tables one that came early is in the way of two that
come late. What a search ended with is therefore given another turn, which begins with the parents that are there.
"""

from __future__ import annotations

from math import log
from typing import no_type_check

from avgraph.dag.search.compiled import inner, insert, members, node_hash
from avgraph.dag.search.grow_shrink import SINGULAR, condition, remove


@inner()
@no_type_check
def on_path(y, words, leave_out, found, problem, path):
    """Write the parents in ``words`` but ``leave_out`` to ``path``, required ones first; returns how many."""
    count, at, end = members(words, found), 0, problem.n_required[y]
    for k in range(count):
        z = found[k]
        if z == leave_out:
            continue
        if problem.required[z, y]:
            path[at].parent = z
            at += 1
        else:
            path[end].parent = z
            end += 1
    return end


@inner()
@no_type_check
def write(y, depth, score, state, path):
    """Make ``path[:depth]`` the parents of ``y``."""
    words = state.parents[y]
    state.hash[0] ^= node_hash(y, words)
    words[:] = 0
    for k in range(depth):
        insert(words, path[k].parent)
    state.hash[0] ^= node_hash(y, words)
    state.score[y] = score


@inner()
@no_type_check
def improve(y, depth, limit, position, problem, work):
    """Add to the parents ``path[:depth]`` of ``y``, and leave out of them, while its score rises.

    Returns their number and the score. Candidates are those that stand before ``limit``.
    """
    path, given, taken, kept = work.path, work.given, work.excluded, work.regression.kept
    half_n, penalty, fixed = problem.half_n, problem.penalty, problem.n_required[y]
    for k in range(depth):
        taken[path[k].parent] = True
    while True:
        condition(y, depth, problem.correlation, path, given)
        residual = given.variance[depth, y]
        z = _most_telling(y, depth, limit, position, problem, given, taken)
        if z >= 0:
            left = residual - given.covariance[depth, z] ** 2 / given.variance[depth, z]
            if half_n * log(residual / left) > penalty + problem.tolerance:
                path[depth].parent, taken[z] = z, True
                depth += 1
                continue
        score, before = remove(y, depth, residual, problem, path, work.regression), depth
        alone = given.variance[fixed, y]
        if before == fixed + 1 and half_n * log(alone / residual) < penalty:  # it may have come with one that has gone
            kept[fixed], score = False, -half_n * log(alone) - penalty * fixed
        depth = 0
        for k in range(before):
            if kept[k]:
                path[depth].parent = path[k].parent
                depth += 1
            else:
                taken[path[k].parent] = False
        if depth == before:
            break
    for k in range(depth):
        taken[path[k].parent] = False
    return depth, score


@inner()
@no_type_check
def exchange(y, found, state, problem, work):
    """Add, leave out and exchange parents of ``y`` while its score rises; returns by how much.

    ``found`` [p] is room to list them.
    """
    path, given, taken = work.path, work.given, work.excluded
    half_n, penalty, fixed = problem.half_n, problem.penalty, problem.n_required[y]
    limit = state.position[y]
    depth = on_path(y, state.parents[y], -1, found, problem, path)
    depth, score = improve(y, depth, limit, state.position, problem, work)
    for k in range(depth):
        taken[path[k].parent] = True
    at, in_vain = depth, 0
    while in_vain < depth - fixed and problem.stop[0] == 0:
        at = at - 1 if at > fixed else depth - 1
        a = path[at].parent
        for k in range(at, depth - 1):
            path[k].parent = path[k + 1].parent
        taken[a] = False
        condition(y, depth - 1, problem.correlation, path, given)
        z = _most_telling(y, depth - 1, limit, state.position, problem, given, taken)
        in_vain += 1
        if z >= 0 and z != a:
            left = given.variance[depth - 1, y] - given.covariance[depth - 1, z] ** 2 / given.variance[depth - 1, z]
            if -half_n * log(left) - penalty * depth > score + problem.tolerance:
                path[depth - 1].parent = z
                for k in range(depth - 1):
                    taken[path[k].parent] = False
                depth, score = improve(y, depth, limit, state.position, problem, work)
                for k in range(depth):
                    taken[path[k].parent] = True
                at, in_vain = depth, 0
                continue
        path[depth - 1].parent, taken[a] = a, True
    for k in range(depth):
        taken[path[k].parent] = False
    rise = score - state.score[y]
    if rise > problem.tolerance:
        write(y, depth, score, state, path)
        return rise
    return 0.0


@inner()
@no_type_check
def _most_telling(y, depth, limit, position, problem, given, taken):
    """Which candidate that stands before ``limit`` and is not taken explains most of what is left; -1 for none."""
    variance, covariance, candidate = given.variance[depth], given.covariance[depth], problem.candidate[y]
    best, most = -1, 0.0
    for z in range(len(position)):
        if position[z] < limit and candidate[z] and not taken[z] and variance[z] > SINGULAR:
            share = covariance[z] * covariance[z] / variance[z]
            if share > most:
                best, most = z, share
    return best
