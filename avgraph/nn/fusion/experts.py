"""Experts that each know a part, fused to one Gaussian: product, geometric mean, moments of the mixture."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn.fusion._experts import Stack, check_experts, check_some_left, mixture, normalised, product, weighted
from avgraph.nn.fusion.gaussian import Gaussian
from avgraph.nn.precision import full_precision
from avgraph.tensors import finite


def product_of_experts(
    mean: Tensor, logvar: Tensor, weights: Tensor | None = None, *, standard_normal: bool = False
) -> Gaussian:
    r"""Gaussian proportional to the product of Gaussians (Hinton, 2002; Wu & Goodman, NeurIPS 2018).

    .. math::
        \frac{1}{\sigma^2} = \sum_k \frac{w_k}{\sigma_k^2}, \qquad \mu = \sigma^2 \sum_k \frac{w_k \mu_k}{\sigma_k^2}

    Who is surest has the say. Without weights every expert counts in full: two equal ones halve the variance.

    Args:
        mean, logvar: of each expert; a type of half precision is computed in float32.
        weights: exponent w of each expert, at least 0 (default: 1); one of 0 is an expert that is not there.
        standard_normal: N(0, 1) as one more expert of weight 1, as the prior of Wu & Goodman.

    Shapes:
        mean, logvar [k, ..., d], weights [k] or broadcast to them → mean, logvar [..., d]

    Raises:
        GraphError: if shapes disagree, a weight is negative, nothing is left to fuse, or a number is not finite.

    Example:
        >>> product_of_experts(torch.tensor([[0.0], [2.0]]), torch.zeros(2, 1))
        Gaussian(mean=tensor([1.]), logvar=tensor([-0.6931]))
    """
    check_experts(mean, logvar)
    with full_precision(mean, logvar) as (mean, logvar):
        mean, logvar, log_weight = weighted(mean, logvar, weights)
        if standard_normal:
            mean, logvar, log_weight = (
                torch.cat([part, torch.zeros_like(part[:1])]) for part in (mean, logvar, log_weight)
            )
        check_some_left(log_weight)
        return _finite(product(Stack(), mean, logvar, log_weight), mean, logvar)


def geometric_mean_of_experts(mean: Tensor, logvar: Tensor, weights: Tensor | None = None) -> Gaussian:
    r"""Normalised geometric mean of Gaussians: the dynamic prior of mmJSD (Sutter, Daunhawer & Vogt, NeurIPS 2020).

    .. math::
        p \propto \prod_k p_k^{w_k}, \qquad \sum_k w_k = 1

    The product of experts with weights that sum to 1: equal experts give that expert.

    Args:
        mean, logvar: of each expert.
        weights: at least 0, scaled to the sum 1 (default: 1/k each).

    Shapes:
        mean, logvar [k, ..., d], weights [k] or broadcast to them → mean, logvar [..., d]

    Raises:
        GraphError: if shapes disagree, a weight is negative, all are 0, or a number is not finite.

    Example:
        >>> geometric_mean_of_experts(torch.tensor([[0.0], [2.0]]), torch.ones(2, 1))
        Gaussian(mean=tensor([1.]), logvar=tensor([1.]))
    """
    check_experts(mean, logvar)
    with full_precision(mean, logvar) as (mean, logvar):
        mean, logvar, log_weight = weighted(mean, logvar, weights)
        check_some_left(log_weight)
        return _finite(product(Stack(), mean, logvar, normalised(Stack(), log_weight)), mean, logvar)


def mixture_moments(mean: Tensor, logvar: Tensor, weights: Tensor | None = None) -> Gaussian:
    r"""Gaussian with the mean and the variance of a mixture of Gaussians (Shi et al., NeurIPS 2019).

    .. math::
        \mu = \sum_k w_k \mu_k, \qquad \sigma^2 = \sum_k w_k \bigl[\sigma_k^2 + (\mu_k - \mu)^2\bigr]

    Experts that disagree make it wide. It is not the mixture, which is no Gaussian.

    Args:
        mean, logvar: of each expert.
        weights: at least 0, scaled to the sum 1 (default: 1/k each).

    Shapes:
        mean, logvar [k, ..., d], weights [k] or broadcast to them → mean, logvar [..., d]

    Raises:
        GraphError: if shapes disagree, a weight is negative, all are 0, or a number is not finite.

    Example:
        >>> mixture_moments(torch.tensor([[0.0], [2.0]]), torch.zeros(2, 1)).logvar.exp()
        tensor([2.])
    """
    check_experts(mean, logvar)
    with full_precision(mean, logvar) as (mean, logvar):
        mean, logvar, log_weight = weighted(mean, logvar, weights)
        check_some_left(log_weight)
        return _finite(mixture(Stack(), mean, logvar, log_weight), mean, logvar)


def _finite(fused: Gaussian, mean: Tensor, logvar: Tensor) -> Gaussian:
    named = {"mean": mean, "logvar": logvar}
    return Gaussian(finite(fused.mean, named), finite(fused.logvar, named))
