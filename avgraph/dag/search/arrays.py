"""The memory that the compiled functions work in, allocated once for all starts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Bytes that cached grow–shrink results may take at most, over all threads; those of a thread that are full are
# dropped and computed again.
_MEMORY = 768 * 2**20

TABLE = 1 << 15  # graphs followed since the last improvement that `dfs` remembers; a power of two


class Trees(NamedTuple):
    """Grow–shrink trees of all variables in shared pools; -1 marks what is not there yet.

    A node stands for parents added in that order. Its branches are the further parents that would raise the score,
    best first; growing takes the first branch that the prefix holds. A branch is therefore taken only where no
    earlier one is in the prefix, and its subtree leaves those out.
    """

    used: Array  # [3] nodes, branches and parents in use
    root: Array  # [p] node
    first: Array  # [nodes] first branch
    n_branches: Array  # [nodes]
    score: Array  # [nodes] after shrinking; NaN: not computed
    parents: Array  # [nodes] first parent after shrinking
    n_parents: Array  # [nodes]
    variable: Array  # [branches]
    child: Array  # [branches] node
    pool: Array  # [parents] variables


# One step from the root of a tree: the parent added, the first branch of the node left, the branch taken.
STEP = np.dtype([("parent", np.int64), ("first", np.int64), ("branch", np.int64)])
# What a walk tells: where it would first have taken a certain variable, had it been in the prefix (depth -1: nowhere),
# the branch, the first branch of that node; and the least limit at which it would have gone another way.
WALK = np.dtype([("depth", np.int64), ("branch", np.int64), ("first", np.int64), ("next_change", np.int64)])
# The child whose covariances are kept, and the length of the path they are given.
KEPT = np.dtype([("child", np.int64), ("length", np.int64)])


class Given(NamedTuple):
    """What is left of all variables given the parents of a path: kept, for the next path often begins alike."""

    kept: Array  # [1] of KEPT
    parent: Array  # [p] the path
    rows: Array  # [p, p] row k: Cholesky row of parent k over all variables
    variance: Array  # [p + 1, p] row k: variance of each variable given the first k parents
    covariance: Array  # [p + 1, p] row k: covariance with the child given the first k parents


class Regression(NamedTuple):
    """A child on the parents of a path, of which some have been removed."""

    kept: Array  # [p] flags
    inverse: Array  # [p, p] of the correlations of those kept
    beta: Array  # [p]


class Work(NamedTuple):
    """Scratch memory of the walks through trees.

    Numbers that belong together are the fields of one array. Compiled code counts the references to every array of a
    tuple that it takes apart: with an array for each of them the search took 8 to 15 % longer.
    """

    path: Array  # [p] of STEP
    walk: Array  # [1] of WALK
    given: Given
    regression: Regression
    excluded: Array  # [p] flags, all false between calls
    ratio: Array  # [p] squared partial correlations of a node's branches


class State(NamedTuple):
    """An ordering and what it implies.

    Shapes:
        order, position [p]; score [p] local, up to constants; parents [p, words] bitsets; hash [1] of all edges.
    """

    order: Array
    position: Array
    score: Array
    parents: Array
    hash: Array


class Frames(NamedTuple):
    """The depth-first search of `dfs`, one row per tuck of a sequence (no recursion: numba cannot cache that)."""

    variables: Array  # [depth, p] whose tucks are tried
    n_variables: Array  # [depth]
    at_variable: Array  # [depth]
    parents: Array  # [depth, p] of the variable being tried
    n_parents: Array  # [depth]; -1: not listed yet
    at_parent: Array  # [depth]
    touched: Array  # [depth + 1, p] flags: what earlier tucks changed, and its neighbours
    changed: Array  # [depth + 1, p] flags: whose parents earlier tucks changed
    before: Array  # [depth, p] the ordering of the positions that a tuck changes
    after: Array  # [depth, 2 p] what stands there afterwards, and room to sort it out
    low: Array  # [depth] the first of these positions
    length: Array  # [depth]
    ancestors: Array  # [words] bitset
    visited: Array  # [TABLE, 2] level + 1 and hash of a graph; level 0: free


def make_trees(p: int, threads: int = 1) -> Trees:
    """Empty trees of one of so many threads. Memory is taken as it is used: untouched pages cost nothing."""
    memory = _MEMORY // threads
    nodes = int(min(max(2_000 * p, 20_000), memory // 3 // 40))
    # A node has p − 1 branches at most, and one walk may need p nodes.
    branches = int(max(min(40 * nodes, memory // 2 // 6), p * (p + 2)))
    parents = int(max(memory // 6 // 2 if p > 300 else 10 * nodes, p * (p + 2)))
    return Trees(
        used=np.zeros(3, dtype=np.int64),
        root=np.full(p, -1, dtype=np.int32),
        first=np.empty(nodes, dtype=np.int64),
        n_branches=np.empty(nodes, dtype=np.int16),
        score=np.empty(nodes, dtype=np.float64),
        parents=np.empty(nodes, dtype=np.int64),
        n_parents=np.empty(nodes, dtype=np.int16),
        variable=np.empty(branches, dtype=np.int16),
        child=np.empty(branches, dtype=np.int32),
        pool=np.empty(parents, dtype=np.int16),
    )


def make_work(p: int) -> Work:
    """Scratch memory for ``p`` variables."""
    return Work(
        path=np.zeros(p, dtype=STEP),
        walk=np.full(1, -1, dtype=WALK),
        given=Given(
            kept=np.full(1, -1, dtype=KEPT),
            parent=np.zeros(p, dtype=np.int64),
            rows=np.zeros((p, p)),
            variance=np.zeros((p + 1, p)),
            covariance=np.zeros((p + 1, p)),
        ),
        regression=Regression(kept=np.zeros(p, dtype=np.bool_), inverse=np.zeros((p, p)), beta=np.zeros(p)),
        excluded=np.zeros(p, dtype=np.bool_),
        ratio=np.zeros(p),
    )


def make_state(p: int) -> State:
    """An ordering yet to be filled."""
    return State(
        order=np.arange(p, dtype=np.int64),
        position=np.arange(p, dtype=np.int64),
        score=np.zeros(p),
        parents=np.zeros((p, (p + 63) // 64), dtype=np.uint64),
        hash=np.zeros(1, dtype=np.uint64),
    )


def make_frames(p: int, depth: int) -> Frames:
    """Room for sequences of ``depth`` tucks."""
    return Frames(
        variables=np.zeros((depth, p), dtype=np.int64),
        n_variables=np.zeros(depth, dtype=np.int64),
        at_variable=np.zeros(depth, dtype=np.int64),
        parents=np.zeros((depth, p), dtype=np.int64),
        n_parents=np.zeros(depth, dtype=np.int64),
        at_parent=np.zeros(depth, dtype=np.int64),
        touched=np.zeros((depth + 1, p), dtype=np.bool_),
        changed=np.zeros((depth + 1, p), dtype=np.bool_),
        before=np.zeros((depth, p), dtype=np.int64),
        after=np.zeros((depth, 2 * p), dtype=np.int64),
        low=np.zeros(depth, dtype=np.int64),
        length=np.zeros(depth, dtype=np.int64),
        ancestors=np.zeros((p + 63) // 64, dtype=np.uint64),
        visited=np.zeros((TABLE, 2), dtype=np.uint64),
    )
