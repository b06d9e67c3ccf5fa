"""What the fusions share: the checks of their arguments, and their arithmetic, on a stack of experts or on edges.

Both ways come down to two steps: weights that sum to 1 among the experts of a node, and the logarithm of their total
before they did. `Stack` takes them over the first dimension, `Edges` over the edges that come into a node.
"""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.fusion.gaussian import Gaussian, check_gaussian, scaled
from avgraph.tensors.checks import check_tensors, is_traced


class Stack:
    """Experts along the first dimension: [k, ...] → [...]."""

    def shares(self, logit: Tensor) -> tuple[Tensor, Tensor]:
        """Softmax of each expert among its group, and the logarithm of the group's sum of exponentials."""
        return logit.softmax(0), logit.logsumexp(0)

    def total(self, x: Tensor) -> Tensor:
        """Sum of every group."""
        return x.sum(0)

    def largest(self, x: Tensor) -> Tensor:
        """Largest of every group, without gradient."""
        return x.detach().amax(0)

    def spread(self, fused: Tensor) -> Tensor:
        """What belongs to a group, at each of its experts."""
        return fused[None]


class Edges:
    """Experts as edges into nodes: [e, d] → [n, d]."""

    def __init__(self, index: Tensor, num_nodes: int) -> None:
        self.index, self.num_nodes = index, num_nodes

    def shares(self, logit: Tensor) -> tuple[Tensor, Tensor]:
        """As `Stack` has it."""
        peak = self.largest(logit)
        mass = (logit - self.spread(peak)).exp()
        total = self.total(mass)
        return mass / self.spread(total), peak + total.log()

    def total(self, x: Tensor) -> Tensor:
        """As `Stack` has it."""
        return x.new_zeros(self.num_nodes, x.shape[1]).index_add(0, self.index, x)

    def largest(self, x: Tensor) -> Tensor:
        """As `Stack` has it."""
        start, index = x.new_zeros(self.num_nodes, x.shape[1]), self.index[:, None].expand_as(x)
        return start.scatter_reduce(0, index, x.detach(), "amax", include_self=False)

    def spread(self, fused: Tensor) -> Tensor:
        """As `Stack` has it."""
        return fused.index_select(0, self.index)


Experts = Stack | Edges


def product(experts: Experts, mean: Tensor, logvar: Tensor, log_weight: Tensor) -> Gaussian:
    """Precisions add, each times its weight; the mean is the one weighted by precision. In the log domain.

    Example:
        >>> product(Stack(), torch.tensor([[0.0], [2.0]]), torch.zeros(2, 1), torch.zeros(2, 1))
        Gaussian(mean=tensor([1.]), logvar=tensor([-0.6931]))
    """
    share, log_precision = experts.shares(log_weight - logvar)
    return Gaussian(experts.total(share * mean), -log_precision)


def mixture(experts: Experts, mean: Tensor, logvar: Tensor, log_weight: Tensor) -> Gaussian:
    """Mean and variance of the mixture; variances are taken in units of the largest, so that none overflows.

    Example:
        >>> mixture(Stack(), torch.tensor([[0.0], [2.0]]), torch.zeros(2, 1), torch.zeros(2, 1))
        Gaussian(mean=tensor([1.]), logvar=tensor([0.6931]))
    """
    share, _ = experts.shares(log_weight)
    centre = experts.total(share * mean)
    there = share > 0
    away = torch.where(there, mean - experts.spread(centre), 0)
    unit = experts.largest(torch.where(there, torch.maximum(logvar, 2 * away.abs().log()), -torch.inf))
    below = experts.spread(unit)
    # An expert of weight 0 could overflow in this unit, and 0 · ∞ is NaN.
    logvar = torch.where(there, logvar, below)
    square = (logvar - below).exp() + scaled(away, -below).square()
    return Gaussian(centre, unit + experts.total(share * square).log())


def normalised(experts: Experts, log_weight: Tensor) -> Tensor:
    """Logarithms of weights that sum to 1 in every group.

    Example:
        >>> normalised(Stack(), torch.tensor([[0.0], [0.0]])).exp().flatten()
        tensor([0.5000, 0.5000])
    """
    return log_weight - experts.spread(experts.shares(log_weight)[1])


def weighted(mean: Tensor, logvar: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Means, logvars and logarithms of the weights, in one shape; an expert of weight 0 is N(0, 1) at weight exp(−∞).

    So whatever stands in the place of a modality that is missing, NaN included, reaches neither result nor gradient.

    Raises:
        GraphError: if the weights do not fit, or one is negative or not finite.

    Example:
        >>> weighted(torch.ones(2, 1), torch.ones(2, 1), torch.tensor([1.0, 0.0]))[2]
        tensor([[0.],
                [-inf]])
    """
    if weights is None:
        return mean, logvar, torch.zeros_like(mean)
    check_tensors({"weights": weights})
    given = weights.reshape(-1, *[1] * (mean.dim() - 1)) if weights.dim() == 1 else weights
    fits = given.dim() == mean.dim() and len(given) == len(mean)
    if not fits or any(have not in (1, want) for have, want in zip(given.shape, mean.shape, strict=True)):
        fitting = f"[{len(mean)}] or a shape that broadcasts to {list(mean.shape)}"
        raise GraphError(f"weights: expected {fitting}, got {list(weights.shape)}")
    if not is_traced(weights) and not bool(((weights >= 0) & weights.isfinite()).all()):
        raise GraphError("weights: expected finite numbers of at least 0")
    given = given.to(mean.dtype).expand_as(mean)
    there = given > 0
    log_weight = torch.where(there, given, 1).log().masked_fill(~there, -torch.inf)
    return torch.where(there, mean, 0), torch.where(there, logvar, 0), log_weight


def check_some_left(log_weight: Tensor) -> None:
    """Refuse experts that are all of weight 0.

    Raises:
        GraphError: if nothing is left at one place or more.

    Example:
        >>> check_some_left(torch.full((2, 1), -torch.inf))
        Traceback (most recent call last):
        avgraph.errors.GraphError: weights: all experts have weight 0 at 1 of 1 places, so nothing is left to fuse
    """
    if is_traced(log_weight):
        return
    empty = log_weight.detach().isneginf().all(0)
    if bool(empty.any()):
        places = f"{int(empty.sum())} of {empty.numel()} places"
        raise GraphError(f"weights: all experts have weight 0 at {places}, so nothing is left to fuse")


def check_experts(mean: Tensor, logvar: Tensor) -> None:
    """Refuse what is no stack of at least one expert.

    Raises:
        GraphError: naming the argument.

    Example:
        >>> check_experts(torch.zeros(0, 2), torch.zeros(0, 2))
        Traceback (most recent call last):
        avgraph.errors.GraphError: mean, logvar: expected at least one expert [k, ..., d], got [0, 2]
    """
    check_gaussian("experts", Gaussian(mean, logvar))
    if mean.dim() < 2 or not len(mean):
        raise GraphError(f"mean, logvar: expected at least one expert [k, ..., d], got {list(mean.shape)}")
