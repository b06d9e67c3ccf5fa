"""What an optimal-transport solver found, its cost, and the learning-to-match loss (m-LTM, ICLR 2024, Eq. 10)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError

Grad = Literal["implicit", "unroll", "detach"]
"""How a coupling is differentiated: by the adjoint at the fixed point, through every iteration, not at all."""


@dataclass(frozen=True, eq=False)
class Coupling:
    """A transport plan, its potentials, and whether the solver got there.

    Attributes:
        plan: mass that goes from i to j.
        log_plan: its logarithm, finite where ``plan`` underflows; ``plan = exp((f_i + g_j − cost_ij) / ε)``.
        f, g: potentials in the units of the cost. Of the many that give the same plan, those with mean g = 0; for a
            partial coupling g carries the multiplier of the total mass.
        converged: whether ``error`` is at most the tolerance.
        n_iter: iterations (a half-step on each side) of each problem.
        error: mass in the wrong place, Σ|row sums − a| or Σ|column sums − b|, the larger one.
        cost: what moving the mass costs, ⟨plan, cost⟩, without the entropy. Its gradient is that of the plan and of the
            cost where the plan has one; with ``grad="detach"`` the plan is fixed and the gradient of the cost is the
            plan, which by the envelope theorem is exactly that of ⟨plan, cost⟩ + ε Σ plan log plan.

    Shapes:
        plan, log_plan [..., n, m] (or [e] on edges), f [..., n], g [..., m], converged, n_iter, error, cost [...]
    """

    plan: Tensor
    log_plan: Tensor
    f: Tensor
    g: Tensor
    converged: Tensor
    n_iter: Tensor
    error: Tensor
    cost: Tensor

    def require_converged(self) -> Coupling:
        """Itself, if every problem converged.

        Raises:
            GraphError: saying how many did not, and how far off the worst is.
        """
        check_converged(self.converged, self.n_iter, self.error)
        return self


def check_converged(converged: Tensor, n_iter: Tensor, error: Tensor) -> None:
    """Refuse couplings that did not converge.

    Raises:
        GraphError: saying how many did not, and how far off the worst is.
    """
    missing = int((~converged).sum())
    if missing:
        raise GraphError(
            f"{missing} of {converged.numel()} couplings did not converge: after "
            f"{int(n_iter.max())} iterations the error is {float(error.max()):.3g}; "
            "allow more iterations (max_iter), a larger tol or a larger epsilon"
        )


def transport_cost(plan: Tensor, cost: Tensor) -> Tensor:
    """⟨plan, cost⟩ of each problem; costs are finite.

    Shapes:
        plan, cost [..., k] → [...]

    Example:
        >>> transport_cost(torch.tensor([0.5, 0.25]), torch.tensor([3.0, 1.0]))
        tensor(1.7500)
    """
    # A product of vectors: no array of the plan's size for the products.
    total: Tensor = torch.linalg.vecdot(plan, cost)
    return total


def matching_loss(coupling: Coupling) -> Float[Tensor, ""]:
    r"""How far a coupling is from matching row i with column i.

    .. math::
        \mathrm{KL}(I/b \,\|\, \pi) = -\frac1b \sum_i \log \pi_{ii} - \log b \;\ge\; 0

    Taken from the logarithm of the plan: finite where the plan itself underflows. With converged uniform marginals
    its gradient with respect to −cost/ε is π − I/b. Batched couplings are averaged.

    Shapes:
        coupling.log_plan [..., b, b] → scalar

    Raises:
        GraphError: if the plan is not square.

    Example:
        >>> import torch
        >>> from avgraph.nn import sinkhorn
        >>> matching_loss(sinkhorn(torch.zeros(4, 4), 0.1))  # all pairs alike: log 4
        tensor(1.3863)
    """
    if not isinstance(coupling, Coupling):
        raise GraphError(f"coupling: expected a Coupling, as sinkhorn returns, got {type(coupling).__name__}")
    shape = coupling.log_plan.shape
    if len(shape) < 2 or shape[-1] != shape[-2] or not shape[-1]:
        raise GraphError(f"matching_loss: expected a square plan [..., b, b], got {list(shape)}")
    own = coupling.log_plan.diagonal(dim1=-2, dim2=-1)
    return -own.mean() - math.log(shape[-1])
