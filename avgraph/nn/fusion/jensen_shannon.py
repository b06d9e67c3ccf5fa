"""Jensen–Shannon divergences of Gaussians in closed form, about their geometric mean."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.fusion._experts import Stack, check_experts, check_some_left, normalised, product, weighted
from avgraph.nn.fusion.gaussian import Gaussian, check_gaussian, divergence
from avgraph.nn.precision import full_precision
from avgraph.tensors import finite


def geometric_js(q: Gaussian, p: Gaussian, alpha: float = 0.5) -> Float[Tensor, "*batch"]:
    r"""Skewed geometric Jensen–Shannon divergence (Nielsen, Entropy 2019; Deasy et al., NeurIPS 2020).

    .. math::
        (1-\alpha)\,\mathrm{KL}(q \,\|\, G) + \alpha\,\mathrm{KL}(p \,\|\, G), \qquad G \propto q^{1-\alpha} p^{\alpha}

    0 for equal Gaussians and only for them (0 < α < 1), symmetric at α = ½. (The published "JS loss" of MMVAE-AVS
    compares the densities of random points and is .06 for equal inputs.) At α of 0 or 1 it is 0 for all.

    Args:
        q, p: two diagonal Gaussians.
        alpha: weight of ``p``.

    Shapes:
        mean, logvar [..., d] of both → [...]

    Raises:
        GraphError: if shapes differ, α is not in [0, 1], or the divergence is too large for its type.

    Example:
        >>> q = Gaussian(torch.zeros(1), torch.zeros(1))
        >>> geometric_js(q, q), geometric_js(q, Gaussian(torch.tensor([2.0]), torch.zeros(1)))
        (tensor(0.), tensor(0.5000))
    """
    for name, given in (("q", q), ("p", p)):
        check_gaussian(name, given)
    if q[0].shape != p[0].shape:
        raise GraphError(f"q, p: expected Gaussians of one shape, got {list(q[0].shape)} and {list(p[0].shape)}")
    if not 0 <= alpha <= 1:
        raise GraphError(f"alpha: expected a number from 0 to 1, got {alpha}")
    mean, logvar = (torch.stack(pair) for pair in zip(q, p, strict=True))
    return mm_js(mean, logvar, torch.tensor([1 - alpha, alpha], dtype=torch.float64, device=mean.device))


def mm_js(mean: Tensor, logvar: Tensor, weights: Tensor | None = None) -> Float[Tensor, "*batch"]:
    r"""Jensen–Shannon divergence of several Gaussians about their geometric mean (mmJSD, NeurIPS 2020, Eq. 5).

    .. math::
        \sum_k w_k\, \mathrm{KL}\bigl(N_k \,\|\, G\bigr), \qquad G \propto \prod_k N_k^{w_k}, \quad \sum_k w_k = 1

    Args:
        mean, logvar: of each Gaussian, posteriors and prior alike.
        weights: at least 0, scaled to the sum 1 (default: 1/k each); one of 0 is a Gaussian that is not there.

    Shapes:
        mean, logvar [k, ..., d], weights [k] or broadcast to them → [...]

    Raises:
        GraphError: if shapes disagree, a weight is negative, all are 0, or the divergence is too large for its type.

    Example:
        >>> mm_js(torch.tensor([[0.0], [2.0]]), torch.zeros(2, 1))
        tensor(0.5000)
    """
    check_experts(mean, logvar)
    with full_precision(mean, logvar) as (mean, logvar):
        mean, logvar, log_weight = weighted(mean, logvar, weights)
        check_some_left(log_weight)
        log_weight = normalised(Stack(), log_weight)
        centre = product(Stack(), mean, logvar, log_weight)
        # One that is not there takes the centre's place: its own divergence could overflow, and 0 · ∞ is NaN.
        there = ~log_weight.isneginf()
        at = [torch.where(there, own, common) for own, common in zip((mean, logvar), centre, strict=True)]
        apart = divergence(at[0], at[1], centre.mean, centre.logvar)
        return finite((log_weight.exp() * apart).sum(0).sum(-1), {"mean": mean, "logvar": logvar})
