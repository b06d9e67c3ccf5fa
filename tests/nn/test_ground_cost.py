"""The ground cost and the projection of its metric against double loops and closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import Coupling, mahalanobis_cost, matching_loss, project_psd, sinkhorn


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("normalize", [None, "max"])
def test_equals_a_loop(diagonal: bool, normalize: str | None) -> None:
    x, y, root = draw(5, 3), draw(4, 3), draw(3, 3)
    metric = root.square()[0] if diagonal else root @ root.T
    full = metric.diag() if diagonal else metric
    expected = torch.tensor([[math.sqrt(float((p - q) @ full @ (p - q))) for q in y] for p in x], dtype=torch.float64)
    if normalize:
        expected = expected / expected.max()
    torch.testing.assert_close(mahalanobis_cost(x, y, metric, normalize=normalize), expected)


@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("normalize", [None, "max"])
def test_gradient(diagonal: bool, normalize: str | None) -> None:
    metric = torch.rand(3, dtype=torch.float64) + 0.5 if diagonal else torch.eye(3, dtype=torch.float64) + 0.1
    given = tuple(value.requires_grad_() for value in (draw(4, 3), draw(5, 3), metric))
    assert gradcheck(lambda x, y, m: mahalanobis_cost(x, y, m, normalize=normalize), given)


@pytest.mark.parametrize("shape", [(4, 5, 300), (9, 7, 4)])  # wider than a block; narrower than the rows are many
@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("frozen", [(), (2,), (0, 1), (1, 2)])
def test_gradient_is_that_of_the_differences(
    shape: tuple[int, int, int], diagonal: bool, frozen: tuple[int, ...]
) -> None:
    n, m, d = shape
    x, y, root = draw(n, d), draw(m, d), draw(d, d)
    metric = root.square()[0] if diagonal else root @ root.T + 0.1 * draw(d, d + 1)[:, :d]  # not quite symmetric
    given = [value.requires_grad_(place not in frozen) for place, value in enumerate((x, y, metric))]
    learned = [value for value in given if value.requires_grad]
    weight = draw(n, m)
    found = torch.autograd.grad((weight * mahalanobis_cost(x, y, metric)).sum(), learned)
    apart, full = x[:, None] - y, metric.diag() if diagonal else (metric + metric.T) / 2
    plain = torch.autograd.grad((weight * (apart @ full * apart).sum(2).sqrt()).sum(), learned)
    for one, other in zip(found, plain, strict=True):
        torch.testing.assert_close(one, other)


def test_equal_rows_cost_nothing_and_have_a_finite_gradient() -> None:
    x = (1e3 + torch.eye(3)).requires_grad_()
    cost = mahalanobis_cost(x, x.detach(), torch.eye(3))
    cost.sum().backward()
    assert cost.diagonal().tolist() == [0, 0, 0]
    torch.testing.assert_close(cost[0, 1].item(), math.sqrt(2))  # far from the origin
    assert x.grad is not None
    assert bool(x.grad.isfinite().all())
    assert not mahalanobis_cost(x[:1], x[:1], torch.eye(3), normalize="max").any()


def test_projection_is_the_nearest() -> None:
    matrix = draw(5, 5)
    found = project_psd(matrix, floor=0.1)
    assert float(torch.linalg.eigvalsh(found).min()) >= 0.1 - 1e-12
    torch.testing.assert_close(project_psd(found, floor=0.1), found)
    assert torch.equal(found, found.T)
    for seed in range(20):  # no other such matrix is nearer
        root = torch.randn(5, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        other = found + 0.1 * root @ root.T
        assert (matrix - found).norm() <= (matrix - other).norm()
    indefinite = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    u, s, v = torch.linalg.svd(indefinite)  # the recipe that the paper prints changes nothing
    torch.testing.assert_close(u @ s.clamp_min(0).diag() @ v, indefinite)
    assert project_psd(torch.tensor([-1.0, 2.0])).tolist() == [0, 2]


def test_matching_loss() -> None:
    cost = draw(6, 6).abs()
    found = sinkhorn(cost, 0.5)
    expected = -sum(math.log(float(found.plan[i, i])) for i in range(6)) / 6 - math.log(6)
    assert float(matching_loss(found)) == pytest.approx(expected)
    both = sinkhorn(torch.stack([cost, cost]), 0.5)
    assert float(matching_loss(both)) == pytest.approx(expected)
    assert float(matching_loss(sinkhorn(100 * (1 - torch.eye(6)), 0.1))) == pytest.approx(0, abs=1e-5)


def test_bad_input_is_named() -> None:
    x = torch.zeros(2, 3)
    with pytest.raises(GraphError, match=r"x, y: expected \[n, d\] and \[m, d\], got \[2, 3\] and \[2, 2\]"):
        mahalanobis_cost(x, x[:, :2], torch.eye(3))
    with pytest.raises(GraphError, match=r"metric: expected \[3, 3\] or \[3\], got \[2, 2\]"):
        mahalanobis_cost(x, x, torch.eye(2))
    with pytest.raises(GraphError, match=r"matrix: expected \[d, d\] or a diagonal \[d\], got \[2, 3\]"):
        project_psd(x)
    with pytest.raises(GraphError, match="matrix: expected finite numbers"):
        project_psd(torch.full((2, 2), torch.nan))
    with pytest.raises(GraphError, match="floor: expected a finite number of at least 0, got -1"):
        project_psd(torch.eye(2), floor=-1)
    found = sinkhorn(torch.rand(2, 3), 0.1)
    with pytest.raises(GraphError, match=r"expected a square plan \[\.\.\., b, b\], got \[2, 3\]"):
        matching_loss(found)
    assert isinstance(found, Coupling)
