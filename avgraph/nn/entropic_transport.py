"""Entropic optimal transport (Cuturi, "Sinkhorn Distances", 2013; the coupling of m-LTM, ICLR 2024, Eq. 3)."""

from __future__ import annotations

from torch import Tensor

from avgraph.nn._transport import couple
from avgraph.nn._transport_inputs import check_cost, check_solver, check_totals, masses
from avgraph.nn.coupling import Coupling, Grad


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
    fast as the kernel allows (see `avgraph.nn._fixed_point`): finite in float32 at ε = .005 for costs in [0, 1].

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
