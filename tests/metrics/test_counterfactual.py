"""AP and Max-F1 of counterfactual recognition against Eq. 11-13 written out, and against scikit-learn."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import precision_recall_curve
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.metrics import counterfactual_scores


def written_out(iou: list[float], confidence: list[float], sounding: list[bool], gamma: float) -> dict[str, float]:
    points = []
    for delta in sorted({c - 1e-9 for c in confidence}, reverse=True):
        rows = range(len(iou))
        tp = sum(sounding[i] and iou[i] > gamma and confidence[i] > delta for i in rows)
        fp = sum(confidence[i] > delta and (not sounding[i] or iou[i] <= gamma) for i in rows)
        fn = sum(sounding[i] and confidence[i] <= delta for i in rows)
        points.append((tp / (tp + fp), tp / (tp + fn) if tp + fn else 0.0))
    ap = before = 0.0
    for place, (_, recall) in enumerate(points):
        ap += (recall - before) * max(precision for precision, _ in points[place:])
        before = recall
    return {"ap": ap, "max_f1": max(2 * p * r / (p + r) if p + r else 0.0 for p, r in points)}


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("gamma", [0.3, 0.5])
def test_equals_the_equations(gamma: float, ties: bool) -> None:
    draw = torch.Generator().manual_seed(3)
    for _ in range(20):
        iou, confidence = (torch.rand(30, generator=draw, dtype=torch.float64) for _ in range(2))
        confidence = (confidence * 5).round() / 5 if ties else confidence
        sounding = torch.rand(30, generator=draw) > 0.4
        found = counterfactual_scores(iou, confidence, sounding, iou_threshold=gamma)
        assert found == pytest.approx(written_out(iou.tolist(), confidence.tolist(), sounding.tolist(), gamma))


def test_with_every_region_right_max_f1_is_that_of_a_detector() -> None:
    confidence, sounding = torch.randn(200, dtype=torch.float64), torch.rand(200) > 0.5
    found = counterfactual_scores(torch.ones(200), confidence, sounding)
    precision, recall, _ = precision_recall_curve(sounding.numpy(), confidence.numpy())
    assert found["max_f1"] == pytest.approx(max(2 * precision * recall / (precision + recall)))


def rows() -> tuple[Tensor, Tensor, Tensor]:
    return torch.rand(5), torch.randn(5), torch.tensor([True, True, False, True, False])


def test_perfect_wrong_and_order() -> None:
    _, _, sounding = rows()
    order = sounding.float()
    assert counterfactual_scores(torch.ones(5), order, sounding) == {"ap": 1.0, "max_f1": 1.0}
    assert counterfactual_scores(torch.zeros(5), order, sounding) == {"ap": 0.0, "max_f1": 0.0}
    iou, confidence, sounding = rows()
    shuffle = torch.randperm(5)
    again = counterfactual_scores(iou[shuffle], confidence[shuffle], sounding[shuffle])
    assert again == pytest.approx(counterfactual_scores(iou, confidence, sounding))


def test_refused() -> None:
    iou, confidence, sounding = rows()
    for bad, message in (
        (
            lambda: counterfactual_scores(iou[:3], confidence, sounding),
            r"expected three \[n\], got \[3\], \[5\], \[5\]",
        ),
        (lambda: counterfactual_scores(iou, confidence, sounding.float()), "sounding: expected bool"),
        (lambda: counterfactual_scores(iou, confidence / 0 * 0, sounding), "confidence: row 0 is not finite"),
        (lambda: counterfactual_scores(iou, confidence, ~sounding & sounding), "no picture shows what sounds"),
    ):
        with pytest.raises(GraphError, match=message):
            bad()
