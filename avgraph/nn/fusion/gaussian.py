"""Diagonal Gaussians, and how far one is from another."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_tensors, finite


class Gaussian(NamedTuple):
    """A diagonal Gaussian for each row.

    Attributes:
        mean: its centre.
        logvar: the logarithm of its variance (never of its standard deviation, which is ``exp(logvar / 2)``).

    Shapes:
        mean, logvar [..., d]

    Example:
        >>> Gaussian(torch.zeros(2), torch.zeros(2)).mean
        tensor([0., 0.])
    """

    mean: Tensor
    logvar: Tensor

    def sample(
        self, *, generator: torch.Generator | None = None, noise: Tensor | None = None
    ) -> Float[Tensor, "*batch d"]:
        """A draw that the gradient goes through: mean + exp(logvar / 2) · noise (Kingma & Welling, 2014).

        ``noise`` is one that was drawn already, from N(0, 1).

        Example:
            >>> Gaussian(torch.ones(2), torch.full((2,), -1e9)).sample()
            tensor([1., 1.])
        """
        like = self.mean
        if noise is None:
            noise = torch.randn(like.shape, generator=generator, dtype=like.dtype, device=like.device)
        return like + (self.logvar / 2).exp() * noise


def gaussian_kl(q: Gaussian, p: Gaussian) -> Float[Tensor, "*batch"]:
    r"""Kullback–Leibler divergence of two diagonal Gaussians, summed over their dimensions.

    .. math::
        \mathrm{KL}(q \,\|\, p) = \tfrac12 \sum_j \Bigl[\log \frac{\sigma_{pj}^2}{\sigma_{qj}^2} - 1
        + \frac{\sigma_{qj}^2}{\sigma_{pj}^2} + \frac{(\mu_{qj} - \mu_{pj})^2}{\sigma_{pj}^2}\Bigr]

    Args:
        q: what is to be near ``p``: a posterior.
        p: what it is measured by: a prior.

    Shapes:
        mean, logvar [..., d] of both → [...]

    Raises:
        GraphError: if shapes differ, or the divergence is too large for its type.

    Example:
        >>> one = Gaussian(torch.tensor([0.0, 1.0]), torch.zeros(2))
        >>> gaussian_kl(one, Gaussian(torch.zeros(2), torch.zeros(2)))
        tensor(0.5000)
    """
    for name, given in (("q", q), ("p", p)):
        check_gaussian(name, given)
    if q[0].shape != p[0].shape:
        raise GraphError(f"q, p: expected Gaussians of one shape, got {list(q[0].shape)} and {list(p[0].shape)}")
    named = {"q.mean": q[0], "q.logvar": q[1], "p.mean": p[0], "p.logvar": p[1]}
    with full_precision(*named.values()) as (q_mean, q_logvar, p_mean, p_logvar):
        return finite(divergence(q_mean, q_logvar, p_mean, p_logvar).sum(-1), named)


def divergence(q_mean: Tensor, q_logvar: Tensor, p_mean: Tensor, p_logvar: Tensor) -> Tensor:
    """KL(q ‖ p) of every dimension by itself; never below 0.

    Example:
        >>> zero = torch.zeros(1)
        >>> divergence(torch.ones(1), zero, zero, zero)
        tensor([0.5000])
    """
    ratio = q_logvar - p_logvar
    # e^x − 1 − x: with expm1 it does not fall below 0 where the two variances are nearly the same.
    return (torch.expm1(ratio) - ratio + scaled(q_mean - p_mean, -p_logvar).square()) / 2


def scaled(x: Tensor, log_square: Tensor) -> Tensor:
    """x · exp(log_square / 2), and 0 where x is 0, however large the other factor.

    In two steps, neither of which overflows by itself: 0 · ∞ would be NaN, in the result or in its gradient.

    Example:
        >>> scaled(torch.tensor([0.0, 1e-30]), torch.tensor([300.0, 150.0]))
        tensor([  0.0000, 373.3242])
    """
    largest = math.log(torch.finfo(x.dtype).max) - 1
    half = (log_square / 4).clamp(max=largest).exp()
    return x * half * half


def check_gaussian(name: str, given: Gaussian) -> None:
    """Refuse what is no pair of floating-point tensors of one shape.

    Raises:
        GraphError: naming the argument.

    Example:
        >>> check_gaussian("q", Gaussian(torch.zeros(2), torch.zeros(3)))
        Traceback (most recent call last):
        avgraph.errors.GraphError: q: expected mean and logvar of one shape [..., d], got [2] and [3]
    """
    if not isinstance(given, tuple) or len(given) != 2:
        raise GraphError(f"{name}: expected a Gaussian (mean, logvar), got {type(given).__name__}")
    mean, logvar = given
    check_tensors({f"{name}.mean": mean, f"{name}.logvar": logvar})
    if mean.shape != logvar.shape or not mean.dim():
        raise GraphError(
            f"{name}: expected mean and logvar of one shape [..., d], got {list(mean.shape)} and {list(logvar.shape)}"
        )
    if not (mean.is_floating_point() and logvar.is_floating_point()):
        raise GraphError(f"{name}: expected floating point, got {mean.dtype} and {logvar.dtype}")
