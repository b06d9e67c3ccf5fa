"""Whether a probability is one, and whether uncertainty finds the errors (Guo et al., ICML 2017).

Shapes:
    probability, target, uncertainty, error: any, both alike; every number (pixel) is one prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors import check_tensors


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predictions sorted into bins of equal width by their probability: the table of a reliability plot.

    Attributes:
        edges: from 0 to 1, bin i is from edges[i] up to edges[i + 1] (the last one with its upper end).
        count: predictions in each bin.
        probability: their mean probability; 0 in an empty bin.
        frequency: how many of them are 1; 0 in an empty bin.

    Shapes:
        edges [b + 1], count, probability, frequency [b]
    """

    edges: Tensor
    count: Tensor
    probability: Tensor
    frequency: Tensor


def reliability(probability: Tensor, target: Tensor, bins: int = 15) -> Reliability:
    """How often what has a probability comes true.

    Args:
        probability: of the object at each pixel.
        target: 1 where it is, else 0.
        bins: number of bins.

    Raises:
        GraphError: if shapes disagree, a value is out of range, or there is nothing to sort.

    Example:
        >>> table = reliability(torch.tensor([0.2, 0.4, 0.9]), torch.tensor([0, 1, 1]), bins=2)
        >>> table.count.tolist(), table.frequency.tolist()
        ([2, 1], [0.5, 1.0])
    """
    check_tensors({"probability": probability, "target": target})
    if probability.shape != target.shape or not probability.numel():
        got = f"{list(probability.shape)} and {list(target.shape)}"
        raise GraphError(f"probability, target: expected two of one shape, got {got}")
    if not probability.is_floating_point() or not bool(((probability >= 0) & (probability <= 1)).all()):
        raise GraphError("probability: expected floating point from 0 to 1")
    if not bool(((target == 0) | (target == 1)).all()):
        raise GraphError("target: expected 0 and 1 only")
    if bins < 1:
        raise GraphError(f"bins: expected at least 1, got {bins}")
    value = probability.detach().flatten()
    value = value.to(torch.promote_types(value.dtype, torch.float32))
    edges = torch.linspace(0, 1, bins + 1, dtype=value.dtype, device=value.device)
    place = (torch.bucketize(value, edges, right=True) - 1).clamp(max=bins - 1)
    count = place.bincount(minlength=bins)
    zero = torch.zeros(bins, dtype=torch.float64, device=value.device)
    sums = (zero.index_add(0, place, each.double()) for each in (value, target.flatten()))
    mean, frequency = (total / count.clamp(min=1) for total in sums)
    return Reliability(edges, count, mean, frequency)


def expected_calibration_error(probability: Tensor, target: Tensor, bins: int = 15) -> float:
    r"""Mean gap between the probability of a bin of `reliability` and how often it comes true, by its predictions.

    .. math::
        \sum_b \frac{n_b}{n} \lvert \bar p_b - \bar y_b \rvert

    Raises:
        GraphError: if shapes disagree, a value is out of range, or there is nothing to sort.

    Example:
        >>> expected_calibration_error(torch.tensor([0.75, 0.75]), torch.tensor([1, 0]))
        0.25
    """
    table = reliability(probability, target, bins)
    gap = (table.probability - table.frequency).abs()
    return float((gap * table.count).sum() / table.count.sum())


def error_detection_auroc(uncertainty: Tensor, error: Tensor) -> float:
    """Chance that a wrong prediction is more uncertain than a right one (ties count half): .5 is chance, 1 finds all.

    Args:
        uncertainty: of each prediction.
        error: whether it is wrong.

    Raises:
        GraphError: if shapes disagree, an uncertainty is not finite, or all predictions are right, or all wrong.

    Example:
        >>> error_detection_auroc(torch.tensor([0.1, 0.4, 0.4, 0.9]), torch.tensor([False, False, True, True]))
        0.875
    """
    check_tensors({"uncertainty": uncertainty, "error": error})
    if uncertainty.shape != error.shape or error.dtype != torch.bool:
        got = f"{list(uncertainty.shape)} and {error.dtype} {list(error.shape)}"
        raise GraphError(f"uncertainty, error: expected two of one shape, error bool, got {got}")
    if not uncertainty.is_floating_point() or not bool(uncertainty.isfinite().all()):
        raise GraphError("uncertainty: expected finite floating-point numbers")
    wrong = error.flatten()
    n, positive = wrong.numel(), int(wrong.sum())
    if not 0 < positive < n:
        raise GraphError(f"error: expected right and wrong predictions, got {positive} wrong ones of {n}")
    _, level, count = uncertainty.detach().flatten().unique(return_inverse=True, return_counts=True)
    # Of each level, the predictions below it and half of those at it (Mann & Whitney).
    rank = count.cumsum(0) - count.double() / 2
    total = float(rank[level][wrong].sum())
    return (total - positive * positive / 2) / (positive * (n - positive))
