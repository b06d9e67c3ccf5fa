"""Proposals, maps, consensus IoU and its success curve against loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import auc, jaccard_score

from avgraph.errors import GraphError
from avgraph.metrics import best_proposals, box_maps, consensus_iou, localisation_scores


def test_best_proposal_of_each_picture() -> None:
    similarity, picture = torch.randn(40), torch.arange(40) % 7
    index, confidence = best_proposals(similarity, picture, 7)
    for number in range(7):
        own = [row for row in range(40) if int(picture[row]) == number]
        assert int(index[number]) == max(own, key=lambda row: float(similarity[row]))
    assert torch.equal(confidence, similarity[index])
    assert best_proposals(torch.ones(3), torch.zeros(3, dtype=torch.int64), 1)[0].tolist() == [0]


def test_maps_of_boxes_are_pixel_centres() -> None:
    boxes = torch.tensor([[1.0, 0.0, 3.0, 2.0], [0.4, 0.6, 2.6, 1.4]])
    maps = box_maps(boxes, 3, 4)
    for number, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
        for row in range(3):
            for column in range(4):
                inside = x0 <= column + 0.5 < x1 and y0 <= row + 0.5 < y1
                assert bool(maps[number, row, column]) == inside
    assert maps.sum((1, 2)).tolist() == [4.0, 0.0]  # the second box covers no centre of a pixel


def test_of_sharp_maps_it_is_the_iou() -> None:
    predicted, truth = ((torch.rand(6, 5, 4) > 0.6).float() for _ in range(2))
    found = consensus_iou(predicted, truth)
    for number in range(6):
        expected = jaccard_score(truth[number].reshape(-1).numpy(), predicted[number].reshape(-1).numpy())
        assert float(found[number]) == pytest.approx(expected)


def test_of_soft_maps_it_is_a_loop() -> None:
    predicted, truth = (torch.rand(5, 4, 3) > 0.5).float(), torch.rand(5, 4, 3)
    truth[truth < 0.4] = 0
    found = consensus_iou(predicted, truth)
    for number in range(5):
        hit = whole = 0.0
        for p, g in zip(predicted[number].reshape(-1).tolist(), truth[number].reshape(-1).tolist(), strict=True):
            hit += p * g
            whole += g + (p if g == 0 else 0)
        assert float(found[number]) == pytest.approx(hit / whole)
    assert float(consensus_iou(torch.zeros(1, 2, 2), torch.zeros(1, 2, 2))) == 0


def test_success_curve_equals_scikit_learn() -> None:
    iou = torch.rand(50, dtype=torch.float64)
    threshold = [0.05 * step for step in range(21)]
    share = [float(np.mean(iou.numpy() >= t)) for t in threshold]
    found = localisation_scores(iou)
    assert found["auc"] == pytest.approx(auc(threshold, share))
    assert found["ciou"] == pytest.approx(share[10])
    assert localisation_scores(torch.ones(2)) == {"ciou": 1.0, "auc": 1.0}
    assert localisation_scores(torch.tensor([0.5]))["ciou"] == 1.0


def test_refused() -> None:
    two = torch.zeros(2, dtype=torch.int64)
    for bad, message in (
        (lambda: best_proposals(torch.ones(2), two, 2), r"picture 1 has no proposal \(1 such pictures\)"),
        (lambda: best_proposals(torch.ones(2), two + 5, 2), "picture: expected numbers 0 … 1, got 5 … 5"),
        (lambda: best_proposals(torch.ones(3), two, 2), r"expected two \[p\], got \[3\] and \[2\]"),
        (lambda: best_proposals(torch.tensor([0.0, torch.nan]), two, 1), "proposal 1 is not finite"),
        (lambda: box_maps(torch.ones(2, 3), 2, 2), r"boxes: expected \[n, 4\]"),
        (lambda: box_maps(torch.tensor([[2.0, 0.0, 1.0, 1.0]]), 2, 2), "boxes: row 0: expected x0 < x1"),
        (lambda: consensus_iou(torch.ones(1, 2, 2), torch.ones(1, 2, 3)), r"expected two \[n, h, w\]"),
        (
            lambda: consensus_iou(torch.full((1, 2, 2), 0.5), torch.ones(1, 2, 2)),
            "predicted: expected a map of 0 and 1",
        ),
        (lambda: consensus_iou(torch.ones(1, 2, 2), 2 * torch.ones(1, 2, 2)), "truth: expected numbers from 0 to 1"),
        (lambda: localisation_scores(torch.tensor([1.5])), "iou: expected at least one number from 0 to 1"),
        (lambda: localisation_scores(torch.empty(0)), "iou: expected at least one number"),
    ):
        with pytest.raises(GraphError, match=message):
            bad()
