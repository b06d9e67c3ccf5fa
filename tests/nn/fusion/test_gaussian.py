"""KL against torch.distributions, and the identities (8) and (12) of the paper on a linear-Gaussian model."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from avgraph.errors import GraphError
from avgraph.nn import Gaussian, gaussian_kl, product_of_experts
from tests.nn.fusion.grid import experts


def pair(*shape: int) -> tuple[Gaussian, Gaussian]:
    return Gaussian(*experts(*shape)), Gaussian(*experts(*shape))


def as_torch(gaussian: Gaussian) -> Normal:
    return Normal(gaussian.mean, (gaussian.logvar / 2).exp())


@pytest.mark.parametrize("shape", [(3,), (5, 16), (2, 3, 4)])
def test_equals_torch_distributions(shape: tuple[int, ...]) -> None:
    q, p = pair(*shape)
    expected = kl_divergence(as_torch(q), as_torch(p)).sum(-1)
    torch.testing.assert_close(gaussian_kl(q, p), expected)


def test_logvar_is_a_variance() -> None:
    """One dimension at variance 4 against 1: ½ (4 − 1 − log 4); with a standard deviation of 4 it would be 6.1."""
    q = Gaussian(torch.zeros(1), torch.tensor([4.0]).log())
    zero = Gaussian(torch.zeros(1), torch.zeros(1))
    assert float(gaussian_kl(q, zero)) == pytest.approx(0.5 * (3 - torch.tensor(4.0).log().item()))


def test_identical_is_zero_and_nearly_identical_is_never_below() -> None:
    q = Gaussian(*(part.float() for part in experts(1000, 4)))
    assert torch.equal(gaussian_kl(q, q), torch.zeros(1000))
    near = Gaussian(q.mean, q.logvar + 1e-6 * torch.randn(1000, 4))
    assert bool((gaussian_kl(q, near) >= 0).all())


def test_gradcheck() -> None:
    q_mean, q_logvar = experts(3, 2, requires_grad=True)
    p_mean, p_logvar = experts(3, 2, requires_grad=True)
    assert gradcheck(
        lambda a, b, c, d: gaussian_kl(Gaussian(a, b), Gaussian(c, d)), (q_mean, q_logvar, p_mean, p_logvar)
    )


@pytest.mark.parametrize("logvar", [-1e4, -300.0, -80.0, 0.0, 80.0, 300.0, 1e4])
def test_equal_means_at_any_variance(logvar: float) -> None:
    mean = torch.ones(4, requires_grad=True)
    other = torch.full((4,), logvar, requires_grad=True)
    divergence = gaussian_kl(Gaussian(mean, other), Gaussian(torch.ones(4), other + 1))
    divergence.backward()
    assert float(divergence.detach()) == pytest.approx(4 * 0.5 * (1 - 1 + torch.tensor(-1.0).exp().item()), rel=1e-5)
    assert mean.grad is not None
    assert torch.equal(mean.grad, torch.zeros(4))


def test_too_large_for_its_type_says_so() -> None:
    zero = torch.zeros(2)
    with pytest.raises(GraphError, match=r"p\.logvar: numbers up to 200 overflow in float32"):
        gaussian_kl(Gaussian(zero + 1, zero), Gaussian(zero, zero - 200))
    with pytest.raises(GraphError, match=r"q\.mean: it is not finite|q\.mean: row 0 is not finite"):
        gaussian_kl(Gaussian(zero * torch.nan, zero), Gaussian(zero, zero))


def test_half_precision_is_computed_in_single() -> None:
    q, p = pair(5, 3)
    low = [Gaussian(*(part.bfloat16() for part in one)) for one in (q, p)]
    expected = gaussian_kl(*(Gaussian(*(part.double() for part in one)) for one in low))
    assert gaussian_kl(*low).dtype == torch.float32
    torch.testing.assert_close(gaussian_kl(*low).double(), expected, rtol=1e-4, atol=1e-5)


def test_bad_input_is_named() -> None:
    zero = Gaussian(torch.zeros(2), torch.zeros(2))
    with pytest.raises(GraphError, match=r"q, p: expected Gaussians of one shape, got \[2\] and \[3\]"):
        gaussian_kl(zero, Gaussian(torch.zeros(3), torch.zeros(3)))
    with pytest.raises(
        GraphError, match=r"p: expected mean and logvar of one shape \[\.\.\., d\], got \[2\] and \[1\]"
    ):
        gaussian_kl(zero, Gaussian(torch.zeros(2), torch.zeros(1)))
    with pytest.raises(GraphError, match=r"q: expected floating point, got torch\.int64"):
        gaussian_kl(Gaussian(torch.zeros(2).long(), torch.zeros(2)), zero)


def test_samples_have_its_moments_and_its_gradient() -> None:
    mean, logvar = torch.tensor([1.0, -2.0], requires_grad=True), torch.tensor([0.0, 2.0], requires_grad=True)
    wide = Gaussian(mean.expand(200_000, 2), logvar.expand(200_000, 2))
    drawn = wide.sample(generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(drawn.mean(0), mean, atol=0.02, rtol=0)
    torch.testing.assert_close(drawn.var(0), logvar.exp(), atol=0, rtol=0.02)
    again = wide.sample(generator=torch.Generator().manual_seed(1))
    assert torch.equal(drawn, again)
    # d E[x²] / d mean = 2 mean and d E[x²] / d logvar = variance.
    of_mean, of_logvar = torch.autograd.grad(drawn.square().mean(0).sum(), (mean, logvar))
    torch.testing.assert_close(of_mean, 2 * mean.detach(), atol=0.03, rtol=0)
    torch.testing.assert_close(of_logvar, logvar.detach().exp(), atol=0.1, rtol=0)


def linear_model() -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    """z | x ~ N(B x, S), y | x, z ~ N(A z + C x, R): y, A, prior mean, S, C x, R."""
    a, b, c = (torch.randn(shape, dtype=torch.float64) for shape in ((4, 3), (3, 2), (4, 2)))
    x, y = torch.randn(2, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    s, r = torch.rand(3, dtype=torch.float64) + 0.2, torch.rand(4, dtype=torch.float64) + 0.2
    return y, a, b @ x, s, c @ x, r


def test_log_likelihood_is_elbo_plus_kl_to_the_true_posterior() -> None:
    """Eq. 7 and 8, for any q, on a model where all of it has a closed form."""
    y, a, prior_mean, s, shift, r = linear_model()
    evidence = MultivariateNormal(a @ prior_mean + shift, a @ s.diag() @ a.T + r.diag()).log_prob(y)
    precision = (1 / s).diag() + a.T @ (1 / r).diag() @ a
    true_mean = torch.linalg.solve(precision, prior_mean / s + a.T @ ((y - shift) / r))
    true = MultivariateNormal(true_mean, precision_matrix=precision)
    for _ in range(5):
        mean, logvar = experts(3)
        spread = a.square() @ logvar.exp()
        fit = Normal(a @ mean + shift, r.sqrt()).log_prob(y).sum() - (spread / r).sum() / 2
        elbo = fit - gaussian_kl(Gaussian(mean, logvar), Gaussian(prior_mean, s.log()))
        gap = kl_divergence(MultivariateNormal(mean, logvar.exp().diag()), true)
        torch.testing.assert_close(elbo + gap, evidence)
        assert float(elbo) <= float(evidence)


def test_posterior_of_a_linear_model_is_a_product_of_experts() -> None:
    """With y = z + noise the bound is tight where q is the product of the prior and what y says of z."""
    y, _, prior_mean, s, _, _ = linear_model()
    y, r = y[:3], torch.rand(3, dtype=torch.float64) + 0.2
    q = product_of_experts(torch.stack([prior_mean, y]), torch.stack([s, r]).log())
    fit = Normal(q.mean, r.sqrt()).log_prob(y).sum() - (q.logvar.exp() / r).sum() / 2
    elbo = fit - gaussian_kl(q, Gaussian(prior_mean, s.log()))
    torch.testing.assert_close(elbo, Normal(prior_mean, (s + r).sqrt()).log_prob(y).sum())


def test_divergence_of_factors_adds_up() -> None:
    """Eq. 12: q(s, c) = q(s) q(c) and p alike, against the full covariance of both together."""
    (q_s, p_s), (q_c, p_c) = pair(6, 3), pair(6, 2)
    q, p = (Gaussian(*(torch.cat(parts, -1) for parts in zip(*both, strict=True))) for both in ((q_s, q_c), (p_s, p_c)))
    whole = kl_divergence(*(MultivariateNormal(one.mean, one.logvar.exp().diag_embed()) for one in (q, p)))
    torch.testing.assert_close(gaussian_kl(q_s, p_s) + gaussian_kl(q_c, p_c), whole)
    torch.testing.assert_close(gaussian_kl(q, p), whole)
