"""What knowledge adds to an equivalence class: directions that every remaining graph of it has alike (Meek 1995,
"Causal inference and causal explanation with background knowledge").
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from avgraph.dag.cpdag import cpdag_of
from avgraph.errors import GraphError

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
