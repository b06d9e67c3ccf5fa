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
    while (found := _next(graph)) is not None:
        graph[found[1], found[0]] = False
    return graph


def _next(graph: Matrix) -> tuple[int, int] | None:
    """An undirected edge that a rule directs, as (parent, child)."""
    directed, joined = graph & ~graph.T, graph | graph.T
    undirected = graph & graph.T
    for a, b in np.argwhere(undirected):
        apart = ~joined[:, b]
        apart[b] = False
        by_rule_1 = (directed[:, a] & apart).any()  # c → a — b, c and b not joined: no new collider
        by_rule_2 = (directed[a] & directed[:, b]).any()  # a → c → b: no cycle
        if by_rule_1 or by_rule_2 or _by_rule_3_or_4(graph, int(a), int(b), apart):
            return int(a), int(b)
    return None


def _by_rule_3_or_4(graph: Matrix, a: int, b: int, apart: Bool[np.ndarray, " p"]) -> bool:
    directed, joined = graph & ~graph.T, graph | graph.T
    beside = graph[a] & graph[:, a]  # c with a — c
    into = np.flatnonzero(beside & directed[:, b])
    # a — c → b and a — d → b, c and d not joined: b → a would make a collider of them, or a cycle.
    by_rule_3 = any(not joined[c, d] for c in into for d in into if c < d)
    # a — c → d → b, a joined to d, c and b not joined.
    from_here = np.flatnonzero(beside & apart)
    by_rule_4 = bool((directed[from_here] & directed[:, b] & joined[a]).any())
    return by_rule_3 or by_rule_4
