"""The Markov equivalence class of a DAG, a DAG of a class, and what knowledge adds to a class.

What it adds are directions that every remaining graph of the class has alike (Meek 1995, "Causal inference and causal
explanation with background knowledge").
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from avgraph.errors import GraphError


def cpdag_of(adjacency: Bool[np.ndarray, "p p"]) -> Bool[np.ndarray, "p p"]:
    """Completed partially directed graph of a DAG: an edge that every equivalent DAG has the same way stands one way,
    any other both ways (Chickering 1995, "A transformational characterization of equivalent Bayesian networks").

    Shapes:
        adjacency [p, p] → [p, p] bool; i — j undirected where both [i, j] and [j, i] are true.

    Raises:
        GraphError: if ``adjacency`` has a cycle.

    Example:
        >>> chain, collider = np.zeros((2, 3, 3), dtype=bool)
        >>> chain[[0, 1], [1, 2]] = True       # 0 → 1 → 2: no direction can be told
        >>> collider[[0, 2], [1, 1]] = True    # 0 → 1 ← 2
        >>> cpdag_of(chain).sum(), cpdag_of(collider).sum()
        (np.int64(4), np.int64(2))
    """
    order = topological_order(adjacency)
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    compelled, known = np.zeros_like(adjacency), np.zeros_like(adjacency)
    for y in order:
        parents = np.flatnonzero(adjacency[:, y])
        # Children in topological order; of a child's edges, the one from its latest parent first.
        for x in parents[np.argsort(-position[parents])]:
            if known[x, y]:
                continue
            for w in np.flatnonzero(compelled[:, x]):
                if not adjacency[w, y]:
                    compelled[parents, y] = known[parents, y] = True
                    break
                compelled[w, y] = known[w, y] = True
            if known[x, y]:
                continue
            others = adjacency[:, y] & ~adjacency[:, x]
            others[x] = False
            unknown = adjacency[:, y] & ~known[:, y]
            compelled[unknown, y] = bool(others.any())
            known[unknown, y] = True
    result: Bool[np.ndarray, "p p"] = adjacency | (adjacency & ~compelled).T
    return result


def extend_to_dag(cpdag: Bool[np.ndarray, "p p"]) -> Bool[np.ndarray, "p p"]:
    """A DAG with the skeleton and the colliders of a partially directed graph (Dor & Tarsi 1992).

    Raises:
        GraphError: if there is none.

    Example:
        >>> extend_to_dag(np.array([[False, True], [True, False]])).sum()
        np.int64(1)
    """
    directed, undirected = cpdag & ~cpdag.T, cpdag & cpdag.T
    result: Bool[np.ndarray, "p p"]
    result, left = directed.copy(), np.ones(len(cpdag), dtype=np.bool_)
    while left.any():
        for x in np.flatnonzero(left):
            if directed[x].any():
                continue
            joined = np.flatnonzero(undirected[x])
            near = undirected[x] | directed[:, x]
            # A sink: each neighbour joined by an undirected edge is adjacent to all other neighbours.
            if all((near & ~(cpdag[y] | cpdag[:, y]))[np.arange(len(near)) != y].sum() == 0 for y in joined):
                break
        else:
            raise GraphError("the partially directed graph has no DAG with its skeleton and colliders")
        result[joined, x] = True
        left[x] = False
        cpdag = cpdag.copy()
        cpdag[x], cpdag[:, x] = False, False
        directed, undirected = cpdag & ~cpdag.T, cpdag & cpdag.T
    return result


def topological_order(adjacency: Bool[np.ndarray, "p p"]) -> list[int]:
    """Variables, parents before children; the lowest number first where there is a choice.

    Raises:
        GraphError: if there is a cycle.

    Example:
        >>> topological_order(np.array([[False, False], [True, False]]))
        [1, 0]
    """
    waits = adjacency.sum(axis=0)
    order: list[int] = []
    left = np.ones(len(adjacency), dtype=np.bool_)
    while left.any():
        ready = np.flatnonzero(left & (waits == 0))
        if not len(ready):
            raise GraphError("expected a DAG, got a graph with a cycle")
        first = int(ready[0])
        order.append(first)
        left[first] = False
        waits = waits - adjacency[first]
    return order


Matrix = Bool[np.ndarray, "p p"]


def class_under_knowledge(adjacency: Matrix, forbidden: Matrix | None = None, required: Matrix | None = None) -> Matrix:
    """The graphs equivalent to a DAG that obey the knowledge, as one partially directed graph.

    An edge stands one way where all these graphs have it that way, and both ways where they differ.

    Args:
        adjacency: a DAG that obeys the knowledge, parent row → child column.
        forbidden, required: edges that must not, and that must, be there; none if not given.

    Shapes:
        all [p, p]; i — j undirected where both [i, j] and [j, i] are true.

    Raises:
        GraphError: if ``adjacency`` has a cycle or does not obey the knowledge.

    Example:
        >>> chain = np.zeros((3, 3), dtype=bool)
        >>> chain[[0, 1], [1, 2]] = True      # 0 → 1 → 2: no direction can be told
        >>> known = np.zeros((3, 3), dtype=bool)
        >>> known[0, 1] = True                # 0 → 1 is known, and 1 → 2 follows: 1 is no collider
        >>> class_under_knowledge(chain, required=known).astype(int).tolist()
        [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    """
    none = np.zeros_like(adjacency)
    forbidden, required = (none if known is None else known for known in (forbidden, required))
    if (adjacency & forbidden).any() or (required & ~adjacency).any():
        raise GraphError("the graph does not obey the knowledge it is said to")
    graph: Matrix
    graph = cpdag_of(adjacency)
    known = (required | forbidden.T) & graph & graph.T
    if not known.any():
        return graph  # a class on its own is closed under the rules
    graph = graph & ~known.T
    while _direct(graph):
        pass
    return graph


def _direct(graph: Matrix) -> bool:
    """Go through the undirected edges once and direct, in place, those that a rule directs; whether there were any.

    Meek's third rule follows from a collider, and what follows from colliders is in the class to begin with.
    """
    any_found = False
    for a, b in np.argwhere(graph & graph.T):
        if not (graph[a, b] and graph[b, a]):
            continue  # directed meanwhile
        into_a, from_a, into_b = graph[:, a] & ~graph[a], graph[a] & ~graph[:, a], graph[:, b] & ~graph[b]
        apart = ~(graph[b] | graph[:, b])  # from b
        apart[b] = False
        by_rule_1 = (into_a & apart).any()  # c → a — b, c and b not joined: no new collider
        by_rule_2 = (from_a & into_b).any()  # a → c → b: no cycle
        # Rule 4, a — c → d → b with a and d joined, c and b not: b → a would make a collider or a cycle.
        beside = np.flatnonzero(graph[a] & graph[:, a] & apart)
        between = into_b & (graph[a] | graph[:, a])
        by_rule_4 = (graph[beside] & ~graph[:, beside].T & between).any()
        if by_rule_1 or by_rule_2 or by_rule_4:
            graph[b, a] = False
            any_found = True
    return any_found
