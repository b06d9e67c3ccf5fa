"""InfoNCE, alignment gap, semantic noise and projector of C-MCR."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import Projector, alignment_gap, info_nce, semantic_noise


def views(b: int = 6, d: int = 4) -> tuple[Tensor, Tensor]:
    return torch.randn(b, d, dtype=torch.float64), torch.randn(b, d, dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.01, 0.5])
def test_info_nce_equals_a_double_loop(temperature: float) -> None:
    x, y = views()
    cosine = [[float(a @ b / (a.norm() * b.norm())) / temperature for b in y] for a in x]
    total = 0.0
    for i in range(len(x)):
        for others in (cosine[i], [row[i] for row in cosine]):
            total += math.log(sum(math.exp(other - cosine[i][i]) for other in others))
    assert float(info_nce(x, y, temperature)) == pytest.approx(total / (2 * len(x)))


def test_info_nce_equals_cross_entropy() -> None:
    x, y = views(20, 8)
    logits = F.normalize(x) @ F.normalize(y).T / 0.07
    both = [F.cross_entropy(table, torch.arange(20)) for table in (logits, logits.T)]
    torch.testing.assert_close(info_nce(x, y, 0.07), (both[0] + both[1]) / 2)


def test_info_nce_of_views_all_alike_is_log_b() -> None:
    assert float(info_nce(torch.ones(5, 3), torch.ones(5, 3), 0.01)) == pytest.approx(math.log(5), rel=1e-5)
    assert float(info_nce(torch.ones(1, 3), -torch.ones(1, 3), 0.01)) == 0


def test_info_nce_is_symmetric_and_pairs_may_be_shuffled_together() -> None:
    x, y = views()
    order = torch.randperm(6)
    torch.testing.assert_close(info_nce(x, y, 0.1), info_nce(y, x, 0.1))
    torch.testing.assert_close(info_nce(x, y, 0.1), info_nce(x[order], 3 * y[order], 0.1))


@pytest.mark.parametrize("squared", [True, False])
def test_alignment_gap_equals_a_loop(squared: bool) -> None:
    x, y = views()
    total = 0.0
    for a, b in zip(x, y, strict=True):
        square = 2 - 2 * float(a @ b / (a.norm() * b.norm()))
        total += square if squared else math.sqrt(square)
    assert float(alignment_gap(x, y, squared=squared)) == pytest.approx(total / len(x))


@pytest.mark.parametrize("squared", [True, False])
def test_alignment_gap_of_equal_rows_has_gradient_0(squared: bool) -> None:
    x, y = views()
    x.requires_grad_()
    y[:3] = x[:3].detach()
    (gradient,) = torch.autograd.grad(alignment_gap(x, y, squared=squared), x)
    assert torch.equal(gradient[:3], torch.zeros_like(gradient[:3]))
    assert gradient.isfinite().all()
    assert (gradient[3:] != 0).any(1).all()


def test_gradcheck() -> None:
    given = tuple(view.requires_grad_() for view in views(4, 3))
    assert gradcheck(lambda x, y: info_nce(x, y, 0.2), given)
    for squared in (True, False):
        assert gradcheck(lambda x, y, squared=squared: alignment_gap(x, y, squared=squared), given)
    draw = torch.Generator()
    assert gradcheck(lambda x: semantic_noise(x, 0.1, generator=draw.manual_seed(0)), given[:1])


def test_a_zero_row_has_no_gradient() -> None:
    x, y = views()
    x[2] = 0
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(info_nce(x, y, 0.1) + alignment_gap(x, y), x)
    assert torch.equal(gradient[2], torch.zeros_like(gradient[2]))
    assert gradient.isfinite().all()


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_length_does_not_matter(scale: float) -> None:
    x, y = (view.float() for view in views())
    torch.testing.assert_close(info_nce(x * scale, y, 0.1), info_nce(x, y, 0.1))
    torch.testing.assert_close(alignment_gap(x, y * scale), alignment_gap(x, y))


def test_noise_is_a_variance_on_unit_rows() -> None:
    x = F.normalize(torch.randn(2000, 512))
    noisy = semantic_noise(x, 0.004)
    torch.testing.assert_close(noisy.norm(dim=1), torch.ones(2000))
    # cos(x, x + θ) ≈ 1 / √(1 + d σ²)
    assert float((x * noisy).sum(1).mean()) == pytest.approx(1 / math.sqrt(1 + 512 * 0.004), rel=0.01)


def test_noise_is_fresh_and_can_be_repeated() -> None:
    x = torch.randn(3, 4)
    assert not torch.equal(semantic_noise(x, 0.1), semantic_noise(x, 0.1))
    one, other = (semantic_noise(x, 0.1, generator=torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(one, other)
    torch.testing.assert_close(semantic_noise(x, 0), F.normalize(x))


def test_refused() -> None:
    x, y = views()
    for bad, message in (
        (lambda: info_nce(x, y[:3], 0.1), r"x, y: expected two \[b, d\] of one shape, got \[6, 4\] and \[3, 4\]"),
        (lambda: info_nce(x[:0], y[:0], 0.1), r"x, y: expected two \[b, d\]"),
        (lambda: info_nce(x, y, 0.0), "temperature: expected a number above 0, got 0.0"),
        (lambda: alignment_gap(x, y.long()), r"floating point, got torch\.float64 and torch\.int64"),
        (lambda: alignment_gap(x[0], y[0]), r"got \[4\] and \[4\]"),
        (lambda: semantic_noise(x, -0.1), "variance: expected a number of at least 0, got -0.1"),
        (lambda: semantic_noise(x[0], 0.1), r"x: expected floating-point rows \[b, d\], got torch\.float64 \[4\]"),
    ):
        with pytest.raises(GraphError, match=message):
            bad()


def published(expansion: int, *, half: bool) -> nn.ModuleDict:
    """The layers of the released heads, written out."""
    first = nn.Sequential(nn.Linear(6, 6 * expansion), nn.BatchNorm1d(6 * expansion), nn.ReLU())
    if half:
        return nn.ModuleDict({"net": first})
    return nn.ModuleDict({"net1": first, "net2": nn.Sequential(nn.Linear(6 * expansion, 6), nn.BatchNorm1d(6))})


@pytest.mark.parametrize("half", [False, True])
def test_projector_loads_published_weights(half: bool) -> None:
    theirs, ours = published(1 if half else 2, half=half), Projector(6, 12, 6, half=half)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(9, 6)
    expected = x
    for layer in theirs.values():
        expected = layer(expected)
    torch.testing.assert_close(ours(x), expected)


def test_projector_sizes() -> None:
    def count(module: nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    assert 2 * count(Projector(512, 1024, 512)) == pytest.approx(2.1e6, rel=0.01)
    assert 2 * count(Projector(512, 1024, 512, half=True)) == pytest.approx(0.53e6, rel=0.01)


def test_projector_ends_with_a_relu_on_request() -> None:
    x = torch.randn(50, 6)
    assert (Projector(6, 8, 4)(x) < 0).any()
    assert (Projector(6, 8, 4, final_relu=True)(x) >= 0).all()
    assert (Projector(6, 8, 4, half=True)(x) >= 0).all()


def test_projector_is_drawn_anew() -> None:
    projector = Projector(6, 8, 4)
    projector(torch.randn(5, 6))
    before = projector.net1[0].weight.clone()
    projector.reset_parameters()
    assert not torch.equal(before, projector.net1[0].weight)
    assert int(projector.net1[1].num_batches_tracked) == 0
    assert projector.half().net1[0].weight.dtype == torch.float16
    with pytest.raises(ValueError, match="hidden_channels: expected at least 1, got 0"):
        Projector(6, 0, 4)
