"""How well masks are predicted: mIoU and F as AVSBench scores them (Zhou et al., ECCV 2022), and the area segmented.

Shapes:
    probability [n, h, w], from 0 to 1; mask [n, h, w], 0 or 1 (of any type).
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_tensors

THRESHOLDS = 255


def mean_iou(probability: Tensor, mask: Tensor, threshold: float = 0.5) -> float:
    """Mean over pictures of `mask_iou`.

    Raises:
        GraphError: if shapes disagree, a value is out of range, or there is no picture.

    Example:
        >>> mean_iou(torch.tensor([[[0.9, 0.8]], [[0.1, 0.6]]]), torch.tensor([[[1, 0]], [[0, 0]]]))
        0.5
    """
    return float(mask_iou(probability, mask, threshold).mean())


def mask_iou(probability: Tensor, mask: Tensor, threshold: float = 0.5) -> Float[Tensor, " n"]:
    """Intersection over union of the pixels above the threshold with the mask; of the backgrounds, if it is empty.

    Where nothing sounds (an empty mask) it is thus the share of pixels that are left alone.

    Raises:
        GraphError: if shapes disagree, a value is out of range, or there is no picture.

    Example:
        >>> mask_iou(torch.tensor([[[0.9, 0.8]], [[0.1, 0.6]]]), torch.tensor([[[1, 0]], [[0, 0]]]))
        tensor([0.5000, 0.5000], dtype=torch.float64)
    """
    truth = _check_maps(probability, mask)
    segmented = probability > threshold
    union = (segmented | truth).sum((1, 2)).double()
    iou = (segmented & truth).sum((1, 2)) / union.clamp(min=1)
    return torch.where(truth.any(2).any(1), iou, 1 - segmented.double().mean((1, 2)))


def f_measure(probability: Tensor, mask: Tensor, beta2: float = 0.3) -> float:
    r"""The largest value of the mean of `f_curves` over pictures: one threshold for all of them.

    .. math::
        \max_t \operatorname{mean}_n \frac{(1 + \beta^2)\, P_n(t)\, R_n(t)}{\beta^2 P_n(t) + R_n(t)}

    Pictures with an empty mask are left out. The threshold is chosen on what is scored, as is usual for this metric.

    Raises:
        GraphError: if shapes disagree, a value is out of range, or every mask is empty.

    Example:
        >>> f_measure(torch.tensor([[[0.9, 0.8, 0.1]]]), torch.tensor([[[1, 0, 0]]]))
        1.0
    """
    curves = f_curves(probability, mask, beta2)
    if not len(curves):
        raise GraphError(f"mask: all {len(mask)} are empty, so there is no F")
    return float(curves.mean(0).max())


def f_curves(probability: Tensor, mask: Tensor, beta2: float = 0.3) -> Float[Tensor, "k thresholds"]:
    """F of each picture whose mask is not empty, at 255 thresholds from 0 to 1; to be averaged over several batches.

    A pixel is segmented if its probability is at least the threshold.

    Raises:
        GraphError: if shapes disagree, a value is out of range, or there is no picture.

    Example:
        >>> f_curves(torch.tensor([[[0.9, 0.8, 0.1]]]), torch.tensor([[[1, 0, 0]]]))[0, [0, 127, 220, 254]]
        tensor([0.3939, 0.5652, 1.0000, 0.0000], dtype=torch.float64)
    """
    truth = _check_maps(probability, mask)
    if not 0 < beta2 < float("inf"):
        raise GraphError(f"beta2: expected a number above 0, got {beta2}")
    has_object = truth.any(2).any(1)
    truth, value = truth[has_object].flatten(1), probability[has_object].flatten(1)
    value = value.to(torch.promote_types(value.dtype, torch.float32))
    threshold = torch.linspace(0, 1 - 1e-10, THRESHOLDS, dtype=value.dtype, device=value.device)
    # How many thresholds a pixel reaches; then, from the last one down, how many pixels reach each.
    reached = torch.bucketize(value, threshold, right=True)
    segmented, hit = (_at_least(reached, weight) for weight in (torch.ones_like(truth), truth))
    whole = truth.sum(1, keepdim=True).double()
    return (1 + beta2) * hit.double() / (beta2 * whole + segmented)  # P = hit / segmented and R = hit / whole, put in


def segmented_area(probability: Tensor, threshold: float = 0.5) -> Float64[Tensor, " n"]:
    """Share of each map's pixels above the threshold: under silence, of what is falsely segmented.

    Shapes:
        probability [n, h, w] → [n]

    Raises:
        GraphError: if they are no maps, or a value is out of range.

    Example:
        >>> segmented_area(torch.tensor([[[0.9, 0.8, 0.1, 0.2]]]))
        tensor([0.5000], dtype=torch.float64)
    """
    _check_maps(probability, torch.zeros_like(probability))
    return (probability > threshold).double().mean((1, 2))


def _at_least(reached: Tensor, weight: Tensor) -> Tensor:
    """Sum of the weights of the pixels that reach each threshold."""
    # In whole numbers: exact, and the same on every device.
    count = torch.zeros(len(reached), THRESHOLDS + 1, dtype=torch.int64, device=reached.device)
    count.scatter_add_(1, reached, weight.long())
    return count.flip(1).cumsum(1).flip(1)[:, 1:]


def _check_maps(probability: Tensor, mask: Tensor) -> Tensor:
    """The mask as bool."""
    check_tensors({"probability": probability, "mask": mask})
    if probability.dim() != 3 or probability.shape != mask.shape or not probability.numel():
        got = f"{list(probability.shape)} and {list(mask.shape)}"
        raise GraphError(f"probability, mask: expected two [n, h, w], got {got}")
    if not probability.is_floating_point() or not bool(((probability >= 0) & (probability <= 1)).all()):
        raise GraphError("probability: expected floating point from 0 to 1; torch.sigmoid makes it of logits")
    if not bool(((mask == 0) | (mask == 1)).all()):
        raise GraphError("mask: expected 0 and 1 only")
    return mask.bool()
