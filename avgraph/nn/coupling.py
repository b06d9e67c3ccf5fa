"""What an optimal-transport solver found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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

    Shapes:
        plan, log_plan [..., n, m] (or [e] on edges), f [..., n], g [..., m], converged, n_iter, error [...]
    """

    plan: Tensor
    log_plan: Tensor
    f: Tensor
    g: Tensor
    converged: Tensor
    n_iter: Tensor
    error: Tensor

    def require_converged(self) -> Coupling:
        """Itself, if every problem converged.

        Raises:
            GraphError: saying how many did not, and how far off the worst is.
        """
        missing = int((~self.converged).sum())
        if missing:
            raise GraphError(
                f"{missing} of {self.converged.numel()} couplings did not converge: after "
                f"{int(self.n_iter.max())} iterations the error is {float(self.error.max()):.3g}; "
                "allow more iterations (max_iter), a larger tol or a larger epsilon"
            )
        return self
