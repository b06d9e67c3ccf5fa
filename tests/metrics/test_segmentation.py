"""mIoU, F and area against torchmetrics and against the loops in which they are published."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_fbeta_score, binary_jaccard_index

from avgraph.errors import GraphError
from avgraph.metrics import f_curves, f_measure, mask_iou, mean_iou, segmented_area


def pictures(count: int = 6, empty: tuple[int, ...] = ()) -> tuple[Tensor, Tensor]:
    mask = (torch.rand(count, 7, 5) > 0.6).long()
    mask[:, 0, 0] = 1
    probability = (0.4 * mask + 0.6 * torch.rand(count, 7, 5)).clamp(0, 1)
    mask[list(empty)] = 0
    return probability, mask


def test_iou_equals_torchmetrics() -> None:
    probability, mask = pictures()
    for threshold in (0.3, 0.5, 0.7):
        expected = [float(binary_jaccard_index(p, m, threshold)) for p, m in zip(probability, mask, strict=True)]
        assert mask_iou(probability, mask, threshold).tolist() == pytest.approx(expected)
        assert mean_iou(probability, mask, threshold) == pytest.approx(sum(expected) / 6)


def published_iou(probability: Tensor, mask: Tensor) -> float:
    total = 0.0
    for p, m in zip(probability.tolist(), mask.tolist(), strict=True):
        pairs = [(v > 0.5, t == 1) for row, truth in zip(p, m, strict=True) for v, t in zip(row, truth, strict=True)]
        if any(t for _, t in pairs):
            total += sum(v and t for v, t in pairs) / sum(v or t for v, t in pairs)
        else:
            total += sum(not v and not t for v, t in pairs) / len(pairs)
    return total / len(probability)


def test_empty_masks_are_scored_by_the_background() -> None:
    probability, mask = pictures(empty=(1, 4))
    assert mean_iou(probability, mask) == pytest.approx(published_iou(probability, mask))
    nothing, zero = torch.zeros(1, 4, 4), torch.zeros(1, 4, 4)
    assert mean_iou(nothing, zero) == 1.0
    assert mean_iou(nothing + 1, zero) == 0.0
    assert mean_iou(nothing, zero + 1) == 0.0
    assert mean_iou(nothing + 0.5, zero) == 1.0  # at the threshold is not above it


def published_curve(probability: Tensor, mask: Tensor, beta2: float) -> list[float]:
    curves = []
    for p, m in zip(probability, mask.to(probability.dtype), strict=True):
        if not bool(m.any()):
            continue
        curve = []
        for threshold in torch.linspace(0, 1 - 1e-10, 255, dtype=probability.dtype):
            segmented = (p >= threshold).to(p.dtype)
            hit = (segmented * m).sum()
            precision, recall = hit / (segmented.sum() + 1e-20), hit / (m.sum() + 1e-20)
            value = (1 + beta2) * precision * recall / (beta2 * precision + recall)
            curve.append(0.0 if value.isnan() else float(value))
        curves.append(curve)
    return [sum(column) / len(curves) for column in zip(*curves, strict=True)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_f_is_the_published_loop(dtype: torch.dtype) -> None:
    probability, mask = pictures(empty=(0, 3))
    probability = probability.to(dtype)
    probability[1, 0, :2] = torch.tensor([0.0, 1.0])
    for beta2 in (0.3, 1.0):
        expected = published_curve(probability, mask, beta2)
        assert f_curves(probability, mask, beta2).mean(0).tolist() == pytest.approx(expected, rel=1e-6)
        assert f_measure(probability, mask, beta2) == pytest.approx(max(expected), rel=1e-6)


def test_f_at_a_threshold_equals_torchmetrics() -> None:
    probability, mask = pictures()
    thresholds = torch.linspace(0, 1 - 1e-10, 255)
    for place in (20, 120, 200):
        expected = [
            float(binary_fbeta_score(p, m, 0.3**0.5, float(thresholds[place])))
            for p, m in zip(probability, mask, strict=True)
        ]
        assert f_curves(probability, mask)[:, place].tolist() == pytest.approx(expected, rel=1e-5)


def test_one_threshold_for_all_pictures() -> None:
    """Each picture has a threshold with F = 1, but not the same one: the maximum of the mean is below 1."""
    mask = torch.tensor([[[1, 0]], [[1, 0]]])
    probability = torch.tensor([[[0.9, 0.6]], [[0.4, 0.1]]])
    curves = f_curves(probability, mask)
    assert curves.max(1).values.tolist() == pytest.approx([1.0, 1.0])
    assert f_measure(probability, mask) == pytest.approx((1.3 / 2.3 + 1) / 2)


def test_batches_are_put_together_from_their_curves() -> None:
    probability, mask = pictures(10, empty=(2, 7))
    parts = [f_curves(p, m) for p, m in zip(probability.split(3), mask.split(3), strict=True)]
    assert float(torch.cat(parts).mean(0).max()) == pytest.approx(f_measure(probability, mask))
    ious = [mask_iou(p, m) for p, m in zip(probability.split(3), mask.split(3), strict=True)]
    assert float(torch.cat(ious).mean()) == pytest.approx(mean_iou(probability, mask))
    assert f_curves(probability[[2]], mask[[2]]).shape == (0, 255)


def test_area_is_a_share_of_pixels() -> None:
    probability, _ = pictures()
    for threshold in (0.2, 0.5):
        expected = [sum(v > threshold for v in one.flatten().tolist()) / one.numel() for one in probability]
        assert segmented_area(probability, threshold).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float32])
def test_any_type_of_mask(dtype: torch.dtype) -> None:
    probability, mask = pictures(empty=(1,))
    assert mean_iou(probability, mask.to(dtype)) == mean_iou(probability, mask)
    assert f_measure(probability, mask.to(dtype)) == f_measure(probability, mask)


def test_bad_input_is_named() -> None:
    probability, mask = pictures()
    with pytest.raises(
        GraphError, match=r"probability, mask: expected two \[n, h, w\], got \[6, 7, 5\] and \[5, 7, 5\]"
    ):
        mean_iou(probability, mask[:5])
    with pytest.raises(GraphError, match=r"probability, mask: expected two \[n, h, w\]"):
        f_measure(probability[:0], mask[:0])
    with pytest.raises(GraphError, match=r"probability: expected floating point from 0 to 1; torch\.sigmoid"):
        mean_iou(8 * probability - 4, mask)
    with pytest.raises(GraphError, match="probability: expected floating point from 0 to 1"):
        segmented_area(probability * torch.nan)
    with pytest.raises(GraphError, match="mask: expected 0 and 1 only"):
        mean_iou(probability, 255 * mask)
    with pytest.raises(GraphError, match="mask: all 6 are empty, so there is no F"):
        f_measure(probability, 0 * mask)
    with pytest.raises(GraphError, match="beta2: expected a number above 0, got 0"):
        f_measure(probability, mask, 0)
