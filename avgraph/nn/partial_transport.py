"""Entropic partial optimal transport (Benamou et al., 2015; m-LTM, ICLR 2024, Eq. 13)."""

from __future__ import annotations

from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn._transport import couple
from avgraph.nn._transport_inputs import check_cost, check_solver, masses
from avgraph.nn.coupling import Coupling, Grad


def partial_sinkhorn(
    cost: Tensor,
    epsilon: float,
    mass: float,
    a: Tensor | None = None,
    b: Tensor | None = None,
    *,
    max_iter: int = 2000,
    tol: float = 1e-6,
    grad: Grad = "implicit",
) -> Coupling:
    r"""The coupling of a given share of the mass; what has no good partner may stay without one.

    .. math::
        \min_{\pi 1 \le a,\ \pi^\top 1 \le b,\ 1^\top \pi 1 = s}
        \langle \pi, C \rangle + \varepsilon \sum_{ij} \pi_{ij} \log \pi_{ij}

    Dykstra's projections in the dual: the potentials of rows and columns stay at most 0, and a third one scales the
    total. In the log domain, where the kernel of the usual form has run out of range at small ε.

    Args:
        cost, epsilon, max_iter, grad: see `avgraph.nn.sinkhorn`; ``mass`` has no gradient.
        mass: total mass s that is moved.
        a, b: most mass of each node; totals may differ; 1/n and 1/m each if not given.
        tol: on the mass in the wrong place: sums above a or b, and sums below where the potential says used up.

    Shapes:
        cost [..., n, m], a [n] or [..., n], b [m] or [..., m] → plan [..., n, m]

    Raises:
        GraphError: as `avgraph.nn.sinkhorn`, or if ``mass`` is not above 0 or more than either side has.

    Example:
        >>> import torch
        >>> coupling = partial_sinkhorn(torch.tensor([[0.0, 1.0], [1.0, 0.9]]), epsilon=0.1, mass=0.6, tol=1e-9)
        >>> coupling.plan.sum(1)  # the first node is used up, the second one keeps most of its mass
        tensor([0.5000, 0.1000])
    """
    check_solver(epsilon, max_iter, tol, grad)
    cost = check_cost(cost, epsilon)
    a, b = masses("a", a, cost.shape[:-1], cost), masses("b", b, (*cost.shape[:-2], cost.shape[-1]), cost)
    of_a, of_b = a.detach().sum(-1), b.detach().sum(-1)
    most = float(of_a.minimum(of_b).min())
    if not 0 < mass <= most * (1 + 1e-5):
        raise GraphError(f"mass: expected above 0 and at most min(Σa, Σb) = {most:.6g}, got {mass}")
    whole = mass >= most * (1 - 1e-5) and bool(((of_a - of_b).abs() <= 1e-5 * of_a).all())
    # With all mass moved on both sides the bounds are equations, and the multiplier of the total is not unique.
    return couple(cost, epsilon, a, b, None if whole else mass, max_iter=max_iter, tol=tol, grad=grad)
