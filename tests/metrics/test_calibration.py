"""Calibration against torchmetrics and scikit-learn."""

from __future__ import annotations

import pytest
import torch
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score
from torchmetrics.functional.classification import binary_calibration_error

from avgraph.errors import GraphError
from avgraph.metrics import error_detection_auroc, expected_calibration_error, reliability


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_error_equals_torchmetrics(bins: int) -> None:
    probability, target = torch.rand(4, 9, 9), (torch.rand(4, 9, 9) > 0.7).long()
    expected = float(binary_calibration_error(probability.flatten(), target.flatten(), n_bins=bins, norm="l1"))
    assert expected_calibration_error(probability, target, bins) == pytest.approx(expected, rel=1e-5)


def test_table_equals_scikit_learn() -> None:
    probability = torch.rand(500, dtype=torch.float64).square()
    target = torch.rand(500) > 0.5
    table = reliability(probability, target, 12)
    frequency, mean = calibration_curve(target.numpy(), probability.numpy(), n_bins=12)
    there = table.count > 0
    assert table.frequency[there].tolist() == pytest.approx(frequency.tolist())
    assert table.probability[there].tolist() == pytest.approx(mean.tolist())
    assert int(table.count.sum()) == 500


def test_ends_of_bins_and_empty_bins() -> None:
    table = reliability(torch.tensor([0.0, 0.5, 1.0, 1.0]), torch.tensor([0, 1, 1, 0]), bins=4)
    assert table.count.tolist() == [1, 0, 1, 2]
    assert table.edges.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert table.probability.tolist() == [0, 0, 0.5, 1]
    assert table.frequency.tolist() == [0, 0, 1, 0.5]


def test_true_probabilities_are_calibrated() -> None:
    probability = torch.rand(200_000)
    target = torch.rand(200_000) < probability
    assert expected_calibration_error(probability, target) < 0.01
    sharpened = (4 * torch.logit(probability, 1e-6)).sigmoid()
    assert expected_calibration_error(sharpened, target) > 0.1


@pytest.mark.parametrize("levels", [3, 1000])
def test_error_detection_equals_scikit_learn(levels: int) -> None:
    """With many ties and with few."""
    uncertainty, error = torch.randint(levels, (5, 8, 8)) / levels, torch.rand(5, 8, 8) > 0.8
    expected = roc_auc_score(error.flatten().numpy(), uncertainty.flatten().numpy())
    assert error_detection_auroc(uncertainty, error) == pytest.approx(expected)


def test_error_detection_at_its_ends() -> None:
    error = torch.tensor([False, False, True, True])
    assert error_detection_auroc(torch.tensor([0.1, 0.2, 0.3, 0.4]), error) == 1.0
    assert error_detection_auroc(torch.tensor([0.4, 0.3, 0.2, 0.1]), error) == 0.0
    assert error_detection_auroc(torch.ones(4), error) == 0.5


def test_bad_input_is_named() -> None:
    half, error = torch.full((4,), 0.5), torch.tensor([True, False, True, False])
    with pytest.raises(GraphError, match=r"probability, target: expected two of one shape, got \[4\] and \[3\]"):
        expected_calibration_error(half, error[:3])
    with pytest.raises(GraphError, match="probability: expected floating point from 0 to 1"):
        reliability(3 * half, error)
    with pytest.raises(GraphError, match="target: expected 0 and 1 only"):
        reliability(half, 2 * error.long())
    with pytest.raises(GraphError, match="bins: expected at least 1, got 0"):
        reliability(half, error, 0)
    with pytest.raises(GraphError, match="uncertainty, error: expected two of one shape, error bool"):
        error_detection_auroc(half, error.long())
    with pytest.raises(GraphError, match="uncertainty: expected finite"):
        error_detection_auroc(half * torch.inf, error)
    with pytest.raises(GraphError, match="right and wrong predictions, got 0 wrong ones of 4"):
        error_detection_auroc(half, error & False)
