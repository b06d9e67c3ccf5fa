"""Product, geometric mean and moments of the mixture against densities on a grid."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import Gaussian, geometric_mean_of_experts, mixture_moments, product_of_experts
from tests.nn.fusion import grid
from tests.nn.fusion.grid import experts

FUSIONS: list[Callable[..., Gaussian]] = [product_of_experts, geometric_mean_of_experts, mixture_moments]
each_fusion = pytest.mark.parametrize("fuse", FUSIONS)


def assert_same(one: Gaussian, other: Gaussian, tolerance: float = 1e-9) -> None:
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a, b, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("weights", [None, torch.tensor([0.5, 2.0, 1.3], dtype=torch.float64)])
def test_fusions_are_those_of_densities(weights: Tensor | None) -> None:
    mean, logvar = experts(3, 4)
    log_density = grid.log_density(mean, logvar)
    w = torch.ones(3, dtype=torch.float64) if weights is None else weights
    powers = (w[:, None, None] * log_density).sum(0)
    assert_same(product_of_experts(mean, logvar, weights), grid.moments(grid.normalised(powers)), 1e-7)
    share = w / w.sum()
    powers = (share[:, None, None] * log_density).sum(0)
    assert_same(geometric_mean_of_experts(mean, logvar, weights), grid.moments(grid.normalised(powers)), 1e-7)
    mixed = (share[:, None, None] * log_density.exp()).sum(0).log()
    assert_same(mixture_moments(mean, logvar, weights), grid.moments(mixed), 1e-7)


def test_product_is_the_formula() -> None:
    mean, logvar = experts(4, 5)
    precision = (-logvar).exp()
    expected = Gaussian((precision * mean).sum(0) / precision.sum(0), -precision.sum(0).log())
    assert_same(product_of_experts(mean, logvar), expected)
    with_prior = 1 + precision.sum(0)
    fused = product_of_experts(mean, logvar, standard_normal=True)
    assert_same(fused, Gaussian((precision * mean).sum(0) / with_prior, -with_prior.log()))


@each_fusion
def test_order_of_experts_does_not_matter(fuse: Callable[..., Gaussian]) -> None:
    mean, logvar = experts(5, 2, 3)
    weights = torch.rand(5, dtype=torch.float64)
    order = torch.randperm(5)
    assert_same(fuse(mean, logvar, weights), fuse(mean[order], logvar[order], weights[order]))


@each_fusion
def test_dropping_an_expert_is_fusing_what_is_left(fuse: Callable[..., Gaussian]) -> None:
    mean, logvar = experts(3, 2, 4)
    left = fuse(mean[[0, 2]], logvar[[0, 2]])
    assert_same(fuse(mean, logvar, torch.tensor([1.0, 0.0, 1.0])), left)
    # Whatever stands in its place.
    for wrong in (torch.nan, torch.inf, 1e300):
        mean[1], logvar[1] = wrong, -wrong
        assert_same(fuse(mean, logvar, torch.tensor([1.0, 0.0, 1.0])), left)


@each_fusion
def test_missing_expert_of_some_rows_gives_no_wrong_gradient(fuse: Callable[..., Gaussian]) -> None:
    mean, logvar = experts(2, 3, 4, requires_grad=True)
    there = torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])[:, :, None]
    fused = fuse(mean, logvar, there)
    of_mean, of_logvar = torch.autograd.grad(fused.mean.square().sum() + fused.logvar.square().sum(), (mean, logvar))
    for grad in (of_mean, of_logvar):
        assert bool(grad.isfinite().all())
        assert not bool(grad[0, 2].any())
        assert not bool(grad[1, 1].any())
    for row, kept in ((0, [0, 1]), (1, [0]), (2, [1])):
        assert_same(Gaussian(fused.mean[row], fused.logvar[row]), fuse(mean[kept, row], logvar[kept, row]))


def test_equal_experts() -> None:
    mean, logvar = (part.expand(4, 3) for part in experts(1, 3))
    assert_same(geometric_mean_of_experts(mean, logvar), Gaussian(mean[0], logvar[0]))
    assert_same(mixture_moments(mean, logvar), Gaussian(mean[0], logvar[0]))
    assert_same(product_of_experts(mean, logvar), Gaussian(mean[0], logvar[0] - torch.tensor(4.0).log()), 1e-6)


@each_fusion
def test_gradcheck(fuse: Callable[..., Gaussian]) -> None:
    inputs = experts(3, 2, 2, requires_grad=True)
    weights = torch.rand(3, dtype=torch.float64).requires_grad_()
    assert gradcheck(lambda mean, logvar: tuple(fuse(mean, logvar)), inputs)
    assert gradcheck(lambda mean, logvar, w: tuple(fuse(mean, logvar, w)), (*inputs, weights))


def test_gradcheck_of_the_mixture_where_means_agree() -> None:
    mean = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    _, logvar = experts(2, 3, requires_grad=True)
    assert gradcheck(lambda m, v: tuple(mixture_moments(m, v)), (mean, logvar))


@each_fusion
@pytest.mark.parametrize("size", [80.0, 300.0, 1e4, 1e30])
def test_extreme_variances(fuse: Callable[..., Gaussian], size: float) -> None:
    """In float32, where exp overflows at 89: never NaN, and the variance between those of the experts."""
    mean = torch.tensor([[1.0], [3.0]], requires_grad=True).expand(2, 4)
    logvar = torch.tensor([[size, -size, size, -size], [-size, size, size, -size]], requires_grad=True)
    fused = fuse(mean, logvar)
    (fused.mean.sum() + fused.logvar.sum()).backward()
    assert logvar.grad is not None
    assert all(bool(part.isfinite().all()) for part in (*fused, logvar.grad))
    assert bool(((fused.mean >= 1) & (fused.mean <= 3)).all())
    if fuse is mixture_moments:
        # Two sharp experts that disagree are as wide as their means are apart.
        torch.testing.assert_close(fused.logvar, torch.tensor([size, size, size, 0.0]), atol=1.0, rtol=0)
    else:
        torch.testing.assert_close(fused.mean[:2], torch.tensor([3.0, 1.0]))
        torch.testing.assert_close(fused.logvar, torch.tensor([-size, -size, size, -size]), atol=1.0, rtol=0)


@each_fusion
def test_missing_expert_among_very_sharp_ones(fuse: Callable[..., Gaussian]) -> None:
    """What stands in its place is wide and far off in units of theirs: nothing of it overflows."""
    mean, logvar = torch.ones(3, 2, requires_grad=True), torch.full((3, 2), -300.0, requires_grad=True)
    fused = fuse(mean, logvar, torch.tensor([1.0, 0.0, 1.0]))
    assert_same(fused, fuse(mean[:2], logvar[:2]))
    (fused.mean.sum() + fused.logvar.sum()).backward()
    assert mean.grad is not None
    assert logvar.grad is not None
    assert bool(mean.grad.isfinite().all() and logvar.grad.isfinite().all())


@each_fusion
def test_bad_input_is_named(fuse: Callable[..., Gaussian]) -> None:
    mean, logvar = experts(2, 3)
    with pytest.raises(GraphError, match=r"experts: expected mean and logvar of one shape"):
        fuse(mean, logvar[:1])
    with pytest.raises(GraphError, match=r"mean, logvar: expected at least one expert \[k, \.\.\., d\], got \[0, 3\]"):
        fuse(mean[:0], logvar[:0])
    with pytest.raises(GraphError, match=r"weights: expected \[2\] or a shape that broadcasts to \[2, 3\], got \[3\]"):
        fuse(mean, logvar, torch.ones(3))
    with pytest.raises(GraphError, match="weights: expected finite numbers of at least 0"):
        fuse(mean, logvar, torch.tensor([1.0, -1.0]))
    with pytest.raises(GraphError, match="weights: all experts have weight 0 at 3 of 3 places"):
        fuse(mean, logvar, torch.zeros(2))
    with pytest.raises(GraphError, match="mean: row 0 is not finite"):
        fuse(mean * torch.nan, logvar)


def test_product_of_nothing_but_the_prior_is_the_prior() -> None:
    mean, logvar = experts(2, 3)
    fused = product_of_experts(mean, logvar, torch.zeros(2), standard_normal=True)
    assert_same(fused, Gaussian(torch.zeros(3).double(), torch.zeros(3).double()))
