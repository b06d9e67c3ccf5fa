"""Couplings that POT computes: exact and unbalanced transport of equal masses."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import Tensor

from avgraph.errors import GraphError


def exact_plan(cost: Tensor) -> Tensor:
    """The plan of least cost, no entropy: at most n + m − 1 pairs have mass.

    Shapes:
        cost [n, m], infinite where forbidden → [n, m]

    Raises:
        GraphError: if the allowed pairs cannot carry all mass, or the solver stops early.

    Example:
        >>> exact_plan(torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.5000]])
    """
    import ot  # it takes a second, and few couplings need it

    table = cost.detach().double().cpu().numpy()
    forbidden = ~np.isfinite(table)
    # More than any detour over allowed pairs could cost.
    table = np.where(forbidden, 1 + 2 * len(table) * np.abs(table[~forbidden]).max(initial=0), table)
    n, m = table.shape
    plan, log = ot.emd(np.full(n, 1 / n), np.full(m, 1 / m), table, numItermax=10_000_000, log=True)
    if log["warning"]:
        raise GraphError(f"emd: {log['warning']}")
    if forbidden.any() and plan[forbidden].max() > 1e-9:
        raise GraphError(f"infeasible: {plan[forbidden].sum():.6g} of the mass 1 finds no allowed pair; add edges")
    return torch.from_numpy(plan).to(cost)


def unbalanced_plan(cost: Tensor, epsilon: float, marginal_penalty: float, *, max_iter: int, tol: float) -> Tensor:
    """Entropic transport whose marginals may be missed at ``marginal_penalty`` times their Kullback-Leibler divergence.

    Shapes:
        cost [n, m], infinite where forbidden → [n, m]

    Raises:
        GraphError: if a number is not above 0 or the solver does not converge.

    Example:
        >>> unbalanced_plan(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), 0.05, 1.0, max_iter=1000, tol=1e-6).sum()
        tensor(0.9832)
    """
    import ot

    for name, value in (("epsilon", epsilon), ("marginal_penalty", marginal_penalty)):
        if not value > 0:
            raise GraphError(f"{name}: expected a number above 0, got {value}")
    table = cost.detach().double().cpu().numpy()
    n, m = table.shape
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # POT warns and returns what it has
        try:
            plan = ot.unbalanced.sinkhorn_stabilized_unbalanced(
                np.full(n, 1 / n), np.full(m, 1 / m), table, epsilon, marginal_penalty, numItermax=max_iter, stopThr=tol
            )
        except UserWarning as warning:
            reason = str(warning).splitlines()[0]
            raise GraphError(f"unbalanced: no convergence within {max_iter} iterations ({reason})") from None
    return torch.from_numpy(plan).to(cost)
