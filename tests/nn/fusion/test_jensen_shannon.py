"""Jensen–Shannon divergences about the geometric mean against integrals on a grid."""

from __future__ import annotations

import pytest
import torch
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import Gaussian, gaussian_kl, geometric_js, geometric_mean_of_experts, mm_js
from tests.nn.fusion import grid
from tests.nn.fusion.grid import experts


@pytest.mark.parametrize("alpha", [0.1, 0.5, 0.8])
def test_geometric_js_is_the_integral(alpha: float) -> None:
    q, p = Gaussian(*experts(4, 1)), Gaussian(*experts(4, 1))
    log_q, log_p = (grid.log_density(*(part[:, 0] for part in one)) for one in (q, p))
    centre = grid.normalised((1 - alpha) * log_q + alpha * log_p)
    expected = (1 - alpha) * grid.kl(log_q, centre) + alpha * grid.kl(log_p, centre)
    torch.testing.assert_close(geometric_js(q, p, alpha), expected, atol=1e-8, rtol=1e-7)


def test_dimensions_add_up() -> None:
    q, p = Gaussian(*experts(4, 3)), Gaussian(*experts(4, 3))
    parts = [geometric_js(*(Gaussian(g.mean[:, j : j + 1], g.logvar[:, j : j + 1]) for g in (q, p))) for j in range(3)]
    torch.testing.assert_close(geometric_js(q, p), torch.stack(parts).sum(0))


def test_identical_is_zero_and_others_are_not() -> None:
    q = Gaussian(*(part.float() for part in experts(100, 16)))
    for alpha in (0.3, 0.5):
        assert float(geometric_js(q, q, alpha).abs().max()) < 1e-9
    assert float(mm_js(torch.stack([q.mean] * 3), torch.stack([q.logvar] * 3)).abs().max()) < 1e-9
    assert bool((geometric_js(q, Gaussian(q.mean + 0.1, q.logvar)) > 1e-3).all())
    assert bool((geometric_js(q, Gaussian(q.mean, q.logvar + 0.1)) > 1e-3).all())


def test_symmetric_at_one_half_only() -> None:
    q, p = Gaussian(*experts(4, 3)), Gaussian(*experts(4, 3))
    torch.testing.assert_close(geometric_js(q, p), geometric_js(p, q))
    torch.testing.assert_close(geometric_js(q, p, 0.3), geometric_js(p, q, 0.7))
    assert bool(((geometric_js(q, p, 0.3) - geometric_js(p, q, 0.3)).abs() > 1e-4).any())


def test_all_weight_on_one_side_is_zero() -> None:
    q, p = Gaussian(*experts(4, 3)), Gaussian(*experts(4, 3))
    for alpha in (0.0, 1.0):
        torch.testing.assert_close(geometric_js(q, p, alpha), torch.zeros(4).double())


def test_mm_js_is_the_integral() -> None:
    mean, logvar = experts(3, 5, 1)
    weights = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    log_density = grid.log_density(mean[..., 0], logvar[..., 0])
    centre = grid.normalised((weights[:, None, None] * log_density).sum(0))
    expected = sum(w * grid.kl(one, centre) for w, one in zip(weights, log_density, strict=True))
    torch.testing.assert_close(mm_js(mean, logvar, weights), expected, atol=1e-8, rtol=1e-7)
    torch.testing.assert_close(mm_js(mean, logvar, 7 * weights), expected, atol=1e-8, rtol=1e-7)


def test_mm_js_is_a_sum_of_divergences() -> None:
    mean, logvar = experts(4, 5, 3)
    centre = geometric_mean_of_experts(mean, logvar)
    expected = sum(gaussian_kl(Gaussian(*one), centre) for one in zip(mean, logvar, strict=True)) / 4
    torch.testing.assert_close(mm_js(mean, logvar), expected)
    order = torch.randperm(4)
    torch.testing.assert_close(mm_js(mean[order], logvar[order]), expected)


def test_mm_js_of_two_is_geometric_js() -> None:
    mean, logvar = experts(2, 5, 3)
    q, p = (Gaussian(*one) for one in zip(mean, logvar, strict=True))
    torch.testing.assert_close(mm_js(mean, logvar), geometric_js(q, p))


def test_dropping_one_is_comparing_what_is_left() -> None:
    mean, logvar = experts(3, 4, 2)
    left = mm_js(mean[:2], logvar[:2])
    mean[2], logvar[2] = torch.nan, -1e9
    torch.testing.assert_close(mm_js(mean, logvar, torch.tensor([1.0, 1.0, 0.0])), left)
    rows = torch.ones(3, 4, 1)
    rows[2] = 0
    torch.testing.assert_close(mm_js(mean, logvar, rows), left)
    sharp = torch.full((3, 2), -300.0)  # what is not there is so wide among these that its own divergence overflows
    assert float(mm_js(torch.ones(3, 2), sharp, torch.tensor([1.0, 1.0, 0.0]))) == pytest.approx(0)


def test_gradcheck() -> None:
    mean, logvar = experts(3, 2, 2, requires_grad=True)
    weights = torch.rand(3, dtype=torch.float64)
    assert gradcheck(lambda m, v: mm_js(m, v, weights), (mean, logvar))
    assert gradcheck(lambda m, v: geometric_js(Gaussian(m[0], v[0]), Gaussian(m[1], v[1]), 0.3), (mean, logvar))
    there = torch.tensor([1.0, 0.0, 1.0])
    assert gradcheck(lambda m, v: mm_js(m, v, there), (mean, logvar))


def test_at_the_bounds_of_an_encoder_it_is_finite() -> None:
    """logvar from −10 to 10, in float32, with its gradient."""
    mean = torch.randn(2, 50, 16, requires_grad=True)
    logvar = (20 * torch.rand(2, 50, 16) - 10).round().requires_grad_()
    mm_js(mean, logvar).sum().backward()
    assert mean.grad is not None
    assert logvar.grad is not None
    assert bool(mean.grad.isfinite().all() and logvar.grad.isfinite().all())


def test_bad_input_is_named() -> None:
    q = Gaussian(torch.zeros(2), torch.zeros(2))
    with pytest.raises(GraphError, match=r"alpha: expected a number from 0 to 1, got 1\.5"):
        geometric_js(q, q, 1.5)
    with pytest.raises(GraphError, match=r"q, p: expected Gaussians of one shape, got \[2\] and \[1\]"):
        geometric_js(q, Gaussian(torch.zeros(1), torch.zeros(1)))
    with pytest.raises(GraphError, match="logvar: numbers up to 200 overflow in float32"):
        geometric_js(q, Gaussian(torch.zeros(2), torch.full((2,), -200.0)))
    with pytest.raises(GraphError, match="weights: all experts have weight 0"):
        mm_js(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(2))
