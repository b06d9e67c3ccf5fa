"""Whether masses can be moved along the pairs that are allowed: a maximum flow."""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import maximum_flow
from torch import Tensor

from avgraph.errors import GraphError

_UNITS = 1 << 28  # capacities of the flow are whole numbers of 32 bits


def check_feasible(edge_index: Tensor, a: Tensor, b: Tensor, slack: float = 0.0) -> None:
    """Refuse an edge list that cannot carry all of ``a`` to ``b``, but for ``slack``.

    A flow costs about a hundredth of a solution, and a solver that has none takes all its iterations.

    Shapes:
        edge_index [2, e], a [n], b [m] of equal totals

    Raises:
        GraphError: saying how much of the mass can be moved at most.

    Example:
        >>> half = torch.tensor([0.5, 0.5])
        >>> check_feasible(torch.tensor([[0, 1], [0, 0]]), half, half)
        Traceback (most recent call last):
        avgraph.errors.GraphError: infeasible: the edges can carry at most 0.5 of the mass 1; ...
    """
    total = float(a.detach().sum())
    moved = most_mass(edge_index, a, b)
    if moved < total - max(slack, _rounding(a, b)):
        raise GraphError(
            f"infeasible: the edges can carry at most {moved:.6g} of the mass {total:.6g}; "
            "add edges (one per matched pair is enough) or use a partial coupling"
        )


def check_mass(edge_index: Tensor, a: Tensor, b: Tensor, mass: float, slack: float = 0.0) -> None:
    """Refuse an edge list that cannot carry ``mass`` of ``a`` to ``b``, but for ``slack``.

    Shapes:
        edge_index [2, e], a [n], b [m]

    Raises:
        GraphError: saying how much of the mass can be moved at most.

    Example:
        >>> half = torch.tensor([0.5, 0.5])
        >>> check_mass(torch.tensor([[0, 1], [0, 0]]), half, half, mass=0.8)
        Traceback (most recent call last):
        avgraph.errors.GraphError: infeasible: the edges can carry at most 0.5, less than the mass 0.8
    """
    able = most_mass(edge_index, a, b)
    if able < mass - max(slack, _rounding(a, b)):
        raise GraphError(f"infeasible: the edges can carry at most {able:.6g}, less than the mass {mass:.6g}")


def _rounding(a: Tensor, b: Tensor) -> float:
    """What `most_mass` may lose of the mass of all nodes."""
    total = max(float(a.detach().sum()), float(b.detach().sum()))
    return total * (1e-6 + 2 * (len(a) + len(b)) / _UNITS)


def most_mass(edge_index: Tensor, a: Tensor, b: Tensor) -> float:
    """How much of ``a`` the edges can carry to ``b`` at most: a maximum flow.

    Shapes:
        edge_index [2, e], a [n], b [m]

    Example:
        >>> half = torch.tensor([0.5, 0.5])
        >>> most_mass(torch.tensor([[0, 1], [0, 0]]), half, half)
        0.5
    """
    n, m = len(a), len(b)
    total = max(float(a.detach().sum()), float(b.detach().sum()))
    source, target = edge_index.cpu().numpy()
    supply, demand = (np.floor(side.detach().double().cpu().numpy() / total * _UNITS) for side in (a, b))
    tail = np.concatenate([np.full(n, n + m), source, n + np.arange(m)])
    head = np.concatenate([np.arange(n), n + target, np.full(m, n + m + 1)])
    capacity = np.concatenate([supply, np.full(len(source), _UNITS), demand]).astype(np.int32)
    graph = coo_matrix((capacity, (tail, head)), shape=(n + m + 2, n + m + 2)).tocsr()
    graph.data = np.minimum(graph.data, _UNITS).astype(np.int32)  # a pair listed twice
    return float(maximum_flow(graph, n + m, n + m + 1).flow_value / _UNITS * total)


def check_supports(score: Tensor, a: Tensor, b: Tensor, converged: Tensor) -> None:
    """`check_feasible` for the dense problems that did not converge and have forbidden pairs.

    Shapes:
        score [B, n, m] (−∞ where forbidden), a [B, n], b [B, m], converged [B]
    """
    allowed = score > -torch.inf
    for index in (~converged & ~allowed.flatten(1).all(1)).nonzero().flatten().tolist():
        check_feasible(allowed[index].nonzero().T, a[index], b[index])
