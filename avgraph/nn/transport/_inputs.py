"""What the transport solvers share: checked costs and masses, and problems stacked in one batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.edges.incidence import Incidence, Side
from avgraph.tensors.checks import check_tensors


class Problem(NamedTuple):
    """Problems of one size: S = −cost/ε and the logarithms of the masses.

    Shapes:
        score [B, n, m], log_a [B, n], log_b [B, m], log_mass [B] or None where all mass is moved
    """

    score: Tensor
    log_a: Tensor
    log_b: Tensor
    log_mass: Tensor | None

    def take(self, rows: Tensor) -> Problem:
        """Some of the problems."""
        mass = None if self.log_mass is None else self.log_mass[rows]
        return Problem(self.score[rows], self.log_a[rows], self.log_b[rows], mass)


class EdgeProblem(NamedTuple):
    """One problem on edges: S = −cost/ε of each, the logarithms of the masses, and the mass to move if not all.

    Shapes:
        score [e], log_a [n], log_b [m]
    """

    score: Tensor
    edges: Incidence
    log_a: Tensor
    log_b: Tensor
    mass: float | None

    @property
    def sides(self) -> tuple[Side, Side]:
        """The edges by their sources and by their targets."""
        return self.edges.source, self.edges.target


def check_solver(epsilon: float, max_iter: int, tol: float, grad: str) -> None:
    """Refuse settings that no solver can use.

    Raises:
        GraphError: naming the setting.
    """
    if not (0 < epsilon < math.inf):
        raise GraphError(f"epsilon: expected a finite number above 0, got {epsilon}")
    if max_iter < 1:
        raise GraphError(f"max_iter: expected at least 1, got {max_iter}")
    if not (0 < tol < math.inf):
        raise GraphError(f"tol: expected a finite number above 0, got {tol}")
    if grad not in ("implicit", "unroll", "detach"):
        raise GraphError(f"grad: expected 'implicit', 'unroll' or 'detach', got {grad!r}")


def check_cost(cost: Tensor, epsilon: float, dims: int = 2) -> Tensor:
    """The cost in at least single precision, if it is one: numbers, and +∞ for a pair that must not be coupled.

    Raises:
        GraphError: naming the first NaN or −∞, or the largest cost if it overflows when it is divided by ε.
    """
    check_tensors({"cost": cost})
    if cost.dim() < dims or not cost.is_floating_point() or not cost.numel():
        expected = "[..., n, m]" if dims == 2 else "[e]"
        raise GraphError(f"cost: expected floating point {expected}, got {cost.dtype} {list(cost.shape)}")
    low, high = (float(bound) for bound in torch.aminmax(cost.detach()))
    if not low > -math.inf:  # NaN too
        place = (cost.isnan() | (cost == -torch.inf)).nonzero()[0].tolist()
        raise GraphError(f"cost: {float(cost[tuple(place)])} at {place}; expected numbers, or inf where forbidden")
    cost = cost.float() if cost.dtype in (torch.float16, torch.bfloat16) else cost
    if high == math.inf:
        allowed = cost.detach()[cost.isfinite()]
        high = float(allowed.max()) if len(allowed) else 0.0
    # What a potential can reach is a difference of two scores: room for that, too.
    if max(-low, high) > epsilon * torch.finfo(cost.dtype).max / 8:
        largest = max(-low, high)
        raise GraphError(f"cost: numbers up to {largest:.4g} at epsilon {epsilon:.4g} overflow; scale them down")
    return cost


def check_edge_cost(cost: Tensor, edge_index: Tensor, epsilon: float) -> Tensor:
    """The cost of each edge in at least single precision, if it is one.

    Raises:
        GraphError: if shapes disagree or a cost is not finite.
    """
    check_tensors({"edge_index": edge_index})
    cost = check_cost(cost, epsilon, dims=1)
    if cost.dim() != 1 or edge_index.dim() != 2 or edge_index.shape[1] != len(cost):
        raise GraphError(
            f"cost, edge_index: expected [e] and [2, e], got {list(cost.shape)} and {list(edge_index.shape)}"
        )
    if not bool(cost.isfinite().all()):
        raise GraphError("cost: expected finite numbers on edges; leave forbidden pairs out")
    return cost


def masses(name: str, value: Tensor | None, shape: Sequence[int], like: Tensor) -> Tensor:
    """Masses of one side: those given, in every problem, or 1/n each.

    Raises:
        GraphError: if the shape is wrong or a mass is not above 0.
    """
    if value is None:
        return torch.full(tuple(shape), 1 / shape[-1], dtype=like.dtype, device=like.device)
    check_tensors({name: value})
    if not value.dim() or value.shape[-1] != shape[-1] or not value.is_floating_point():
        raise GraphError(f"{name}: expected floating point [{shape[-1]}], got {value.dtype} {list(value.shape)}")
    wrong = ~((value > 0) & value.isfinite())
    if bool(wrong.any()):
        place = wrong.nonzero()[0].tolist()
        raise GraphError(f"{name}: expected masses above 0, got {float(value[tuple(place)])} at {place}")
    if not bool(value.sum(-1).isfinite().all()):
        raise GraphError(
            f"{name}: masses up to {float(value.max()):.4g} overflow when they are summed; scale them down"
        )
    return value.to(like).expand(tuple(shape))


def check_solved(cost: Tensor, epsilon: float, *found: Tensor) -> None:
    """Refuse potentials and errors that are not finite: the numbers of the problem are beyond those of their type.

    Raises:
        GraphError: giving the range of the costs and ε.
    """
    if all(bool(one.detach().sum().isfinite()) for one in found):
        return
    allowed = cost.detach()[cost.isfinite()]
    sizes = f"numbers from {float(allowed.min()):.4g} to {float(allowed.max()):.4g} at epsilon {epsilon:.4g}"
    raise GraphError(f"cost: {sizes} are beyond what {cost.dtype} can couple; scale them, or take float64")


def check_totals(a: Tensor, b: Tensor) -> None:
    """Refuse sides of different total mass.

    Raises:
        GraphError: giving both totals.
    """
    of_a, of_b = a.detach().sum(-1), b.detach().sum(-1)
    wrong = (of_a - of_b).abs() > 1e-5 * of_a
    if bool(wrong.any()):
        left, right = float(of_a[wrong][0]), float(of_b[wrong][0])
        raise GraphError(f"a, b: expected equal totals, got {left:.6g} and {right:.6g}; partial_sinkhorn takes unequal")
