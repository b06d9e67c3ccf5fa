"""The reconstruction term against a loop over pixels and against the published reduction."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import gradcheck

from avgraph.errors import GraphError
from avgraph.nn import mask_log_likelihood


def pictures(frames: int = 3, height: int = 5, width: int = 6) -> tuple[Tensor, Tensor]:
    draw = torch.randn(frames, height, width, dtype=torch.float64)
    return draw, (torch.rand(frames, height, width) > 0.6).double()


def by_pixel(logits: Tensor, mask: Tensor, smoothing: float = 0.001) -> float:
    """One picture, as the docstring writes it."""
    (height, width), truth, value = mask.shape, mask.tolist(), logits.tolist()
    bce = total = hit = union = 0.0
    for row in range(height):
        for column in range(width):
            near = sum(
                truth[r][c]
                for r in range(max(0, row - 15), min(height, row + 16))
                for c in range(max(0, column - 15), min(width, column + 16))
            )
            y, p = truth[row][column], 1 / (1 + math.exp(-value[row][column]))
            weight = 1 + 5 * abs(near / 961 - y)
            label = (1 - smoothing) * y + smoothing / 2
            bce -= weight * (label * math.log(p) + (1 - label) * math.log(1 - p))
            total += weight
            hit += weight * p * y
            union += weight * (p + y)
    return -bce / total - (1 - (hit + 1) / (union - hit + 1))


@pytest.mark.parametrize(("height", "width"), [(5, 6), (40, 33)])
def test_equals_a_loop_over_pixels(height: int, width: int) -> None:
    logits, mask = pictures(2, height, width)
    expected = [by_pixel(*one) for one in zip(logits, mask, strict=True)]
    assert mask_log_likelihood(logits, mask).tolist() == pytest.approx(expected)
    assert mask_log_likelihood(logits, mask, smoothing=0.1)[0].item() == pytest.approx(
        by_pixel(logits[0], mask[0], 0.1)
    )


def test_official_is_the_published_reduction() -> None:
    """The mean of the cross-entropy over the batch, then its weights over their own sum: they cancel."""
    logits, mask = pictures()
    pred, gt = logits[:, None], mask[:, None]
    weight = 1 + 5 * (F.avg_pool2d(gt, kernel_size=31, stride=1, padding=15) - gt).abs()
    bce = F.binary_cross_entropy_with_logits(pred, 0.999 * gt + 0.0005, reduction="mean")
    bce = (weight * bce).sum((2, 3)) / weight.sum((2, 3))
    probability = pred.sigmoid()
    inter, union = (probability * gt * weight).sum((2, 3)), ((probability + gt) * weight).sum((2, 3))
    published = (bce + 1 - (inter + 1) / (union - inter + 1)).mean()
    torch.testing.assert_close(-mask_log_likelihood(logits, mask, official_bce=True).mean(), published)
    assert float((mask_log_likelihood(logits, mask).mean() + published).abs()) > 1e-3


def test_mistakes_at_an_edge_cost_more() -> None:
    """A hole far inside of a large object against one at its rim, of the same logits: only with the weights."""
    mask = torch.zeros(2, 64, 64)
    mask[:, 8:56, 8:56] = 1
    logits = 12 * mask - 6
    logits[0, 32, 32] = -6.0
    logits[1, 8, 8] = -6.0
    inside, rim = mask_log_likelihood(logits, mask).tolist()
    assert rim < inside - 1e-3
    bce = F.binary_cross_entropy_with_logits(logits, 0.999 * mask + 0.0005, reduction="none").mean((1, 2))
    torch.testing.assert_close(bce[0], bce[1])


def test_any_type_of_mask() -> None:
    logits, mask = pictures()
    expected = mask_log_likelihood(logits, mask)
    for kind in (torch.uint8, torch.bool, torch.float32, torch.int64):
        torch.testing.assert_close(mask_log_likelihood(logits, mask.to(kind)), expected)
    half = mask_log_likelihood(logits.bfloat16(), mask)
    assert half.dtype == torch.float32
    torch.testing.assert_close(
        half.double(), mask_log_likelihood(logits.bfloat16().double(), mask), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("official", [False, True])
def test_gradcheck(official: bool) -> None:
    logits, mask = pictures(2, 3, 4)
    logits.requires_grad_()
    assert gradcheck(lambda x: mask_log_likelihood(x, mask, official_bce=official), (logits,))


@pytest.mark.parametrize("size", [100.0, 1e30])
def test_sure_logits_are_finite(size: float) -> None:
    mask = pictures()[1].float()
    for sign in (1, -1):
        logits = (sign * size * (2 * mask - 1)).requires_grad_()
        value = mask_log_likelihood(logits, mask)
        value.sum().backward()
        assert logits.grad is not None
        assert bool(value.isfinite().all() and logits.grad.isfinite().all())


def test_bad_input_is_named() -> None:
    logits, mask = pictures()
    with pytest.raises(GraphError, match=r"logits, mask: expected two \[f, h, w\], got \[3, 5, 6\] and \[2, 5, 6\]"):
        mask_log_likelihood(logits, mask[:2])
    with pytest.raises(GraphError, match=r"logits, mask: expected two \[f, h, w\], got \[3, 1, 5, 6\]"):
        mask_log_likelihood(logits[:, None], mask[:, None])
    with pytest.raises(GraphError, match="mask: expected numbers from 0 to 1"):
        mask_log_likelihood(logits, 255 * mask)
    with pytest.raises(GraphError, match="smoothing: expected a number in"):
        mask_log_likelihood(logits, mask, smoothing=1.0)
    with pytest.raises(GraphError, match="logits: row 0 is not finite"):
        mask_log_likelihood(logits * torch.nan, mask)
    with pytest.raises(GraphError, match=r"logits: expected floating point, got torch\.int64"):
        mask_log_likelihood(logits.long(), mask)
