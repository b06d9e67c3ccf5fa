"""Grow–shrink of one variable on a prefix of the ordering, looked up in its tree; a node is computed once."""

from __future__ import annotations

from typing import no_type_check

import numpy as np

from avgraph.dag.search.compiled import inlined, inner
from avgraph.dag.search.grow_shrink import grow, shrink


@inner()
@no_type_check
def trace(y, limit, position, problem, trees, work):
    """Node of ``y`` for the prefix {z: position[z] < limit}; its score and parents stand in ``trees``."""
    leaf = -1
    while leaf < 0:  # -1: the pools were full and have been emptied
        leaf = walk(y, _root(y, problem, trees, work), problem.n_required[y], limit, position, -1, problem, trees, work)
    return leaf


@inlined()
@no_type_check
def trace_both(y, limit, position, v, problem, trees, work):
    """Local scores of ``y`` without and with ``v`` in its prefix; ``position[v]`` must be beyond every limit."""
    leaf = -1
    while leaf < 0:
        work.walk[0].depth = -1
        leaf = walk(y, _root(y, problem, trees, work), problem.n_required[y], limit, position, v, problem, trees, work)
    without = trees.score[leaf]
    depth = work.walk[0].depth
    if depth < 0:
        return without, without  # v was never better than what was taken
    branch, beyond = work.walk[0].branch, position[v]
    position[v] = -1
    step = work.path[depth]
    step.parent, step.first, step.branch = v, work.walk[0].first, branch
    leaf = walk(y, _child(branch, trees), depth + 1, limit, position, -1, problem, trees, work)
    if leaf < 0:
        leaf = trace(y, limit, position, problem, trees, work)
    position[v] = beyond
    return without, trees.score[leaf]


@inner()
@no_type_check
def walk(y, node, depth, limit, position, special, problem, trees, work):
    """Follow the tree from ``node``; -1 if the pools had to be emptied on the way.

    The first time variable ``special`` would have been taken, had it been in the prefix, is noted in ``work.walk``.
    """
    change = np.int64(2**62)
    while True:
        if node < 0 or (trees.first[node] < 0 and not grow(y, node, depth, problem, trees, work)):
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
            if z == special and work.walk[0].depth < 0:
                told = work.walk[0]
                told.depth, told.branch, told.first = depth, branch, begin
            change = min(change, where)
        if taken < 0:
            break
        step = work.path[depth]
        step.parent, step.first, step.branch = z, begin, taken
        depth += 1
        node = _child(taken, trees)
    work.walk[0].next_change = change + 1
    if np.isnan(trees.score[node]) and not shrink(y, node, depth, problem, trees, work):
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
            work.path[depth].parent = x
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
