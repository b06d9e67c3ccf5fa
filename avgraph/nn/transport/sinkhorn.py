"""Entropic optimal transport (Cuturi 2013) of all mass or of a part: the couplings of m-LTM (ICLR 2024, Eq. 3)."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.transport._feasible import check_supports
from avgraph.nn.transport._fixed_point import fixed_point
from avgraph.nn.transport._gradients import ImplicitCoupling, unrolled
from avgraph.nn.transport._inputs import Problem, check_cost, check_solved, check_solver, check_totals, masses
from avgraph.nn.transport.coupling import Coupling, Grad, transport_cost


def sinkhorn(
    cost: Tensor,
    epsilon: float,
    a: Tensor | None = None,
    b: Tensor | None = None,
    *,
    max_iter: int = 2000,
    tol: float = 1e-6,
    grad: Grad = "implicit",
) -> Coupling:
    r"""The coupling of two sets of nodes that costs little and is not too sure of itself.

    .. math::
        \min_{\pi 1 = a,\ \pi^\top 1 = b} \langle \pi, C \rangle + \varepsilon \sum_{ij} \pi_{ij} \log \pi_{ij}

    Rows and columns are normalised in turn: an edge softmax over the incoming edges of either node type. The first
    half-step, from g = 0, is the row softmax of InfoNCE. Stops on both marginals. Exact in the log domain and as
    fast as the kernel allows (see `_fixed_point`): finite in float32 at ε = .005 for costs in [0, 1].

    Args:
        cost: of each pair; +∞ forbids it. Leading dimensions are separate problems.
        epsilon: weight of the entropy, in the units of the cost. (The paper prints its sign as minus: a slip.)
        a, b: masses of the two sides, above 0, of equal totals; 1/n and 1/m each if not given.
        max_iter: iterations after which it stops; ``converged`` then says so.
        tol: on the mass in the wrong place, Σ|row sums − a| and Σ|column sums − b|.
        grad: ``"implicit"`` solves the adjoint equations at the fixed point, in the memory of the plan;
            ``"unroll"`` goes back through every iteration; ``"detach"`` has no gradient of the plan, and of
            ``Coupling.cost`` that with the plan fixed.

    Shapes:
        cost [..., n, m], a [n] or [..., n], b [m] or [..., m] → plan [..., n, m]

    Raises:
        GraphError: for NaN costs, masses that are not above 0 or of unequal totals, settings out of range, or
            forbidden pairs that leave no way to move all mass.

    Example:
        >>> import torch
        >>> coupling = sinkhorn(torch.tensor([[0.0, 1.0], [1.0, 0.0]]), epsilon=0.1)
        >>> coupling.plan, coupling.converged
        (tensor([[4.9998e-01, 2.2699e-05],
                [2.2699e-05, 4.9998e-01]]), tensor(True))
    """
    check_solver(epsilon, max_iter, tol, grad)
    cost = check_cost(cost, epsilon)
    a, b = masses("a", a, cost.shape[:-1], cost), masses("b", b, (*cost.shape[:-2], cost.shape[-1]), cost)
    check_totals(a, b)
    return couple(cost, epsilon, a, b, None, max_iter=max_iter, tol=tol, grad=grad)


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


def couple(
    cost: Tensor, epsilon: float, a: Tensor, b: Tensor, mass: float | None, *, max_iter: int, tol: float, grad: Grad
) -> Coupling:
    """Couple checked costs [..., n, m] and masses [..., n], [..., m]; ``mass`` None moves all of it."""
    lead = cost.shape[:-2]
    price = _prices(cost)
    # Half precision has neither the range nor the digits of a marginal.
    with torch.autocast(cost.device.type, enabled=False):
        score = (-cost / epsilon).reshape(-1, *cost.shape[-2:])
        log_a, log_b = (side.reshape(-1, side.shape[-1]).log() for side in (a, b))
        log_mass = None if mass is None else score.new_full((len(score),), mass).log()
        problem = Problem(score, log_a, log_b, log_mass)
        if grad == "detach":
            found = fixed_point(Problem(score.detach(), log_a.detach(), log_b.detach(), log_mass), tol=tol,
                                max_iter=max_iter)  # fmt: skip
            log_plan, f, g, n_iter, error = found.log_plan, found.f, found.g, found.n_iter, found.error
        elif grad == "unroll":
            log_plan, f, g, n_iter, error = unrolled(problem, tol=tol, max_iter=max_iter)
        else:
            log_plan, f, g, n_iter, error = ImplicitCoupling.apply(*problem, tol, max_iter)
        converged = error <= tol
        if mass is None:
            check_supports(score, log_a.exp(), log_b.exp(), converged)
            shift = g.mean(1, keepdim=True)  # f + t, g − t give the same plan: fix which pair is meant
            f, g = f + shift, g - shift
        f, g = f * epsilon, g * epsilon
        check_solved(cost, epsilon, f, g, error)
        plan = log_plan.exp().reshape(cost.shape)
        return Coupling(
            plan=plan,
            log_plan=log_plan.reshape(cost.shape),
            f=f.reshape(*lead, -1),
            g=g.reshape(*lead, -1),
            converged=converged.reshape(lead),
            n_iter=n_iter.reshape(lead),
            error=error.reshape(lead),
            cost=transport_cost(plan.flatten(-2), price.flatten(-2)),
        )


def _prices(cost: Tensor) -> Tensor:
    """The cost, 0 for the pairs that it forbids, which carry nothing; refuses a node that has no pair left."""
    allowed = cost.isfinite()
    if bool(allowed.all()):
        return cost
    for name, dim in (("row", -1), ("column", -2)):
        empty = ~allowed.any(dim)
        if bool(empty.any()):
            place = empty.nonzero()[0].tolist()
            raise GraphError(f"infeasible: {name} {place[-1]} of the cost is infinite throughout; it has no partner")
    return cost.masked_fill(~allowed, 0)
