"""Counterfactual recognition: which pictures show what sounds, and where (C-MCR, NeurIPS 2023, Eq. 11-13)."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.tensors.checks import check_tensors


def counterfactual_scores(
    iou: Tensor, confidence: Tensor, sounding: Tensor, *, iou_threshold: float = 0.5
) -> dict[str, float]:
    r"""Average precision and the largest F1 over all confidence thresholds δ.

    .. math::
        TP = \{G \ne \emptyset, IoU > \gamma, c > \delta\}, \quad
        FP = \{G \ne \emptyset, IoU \le \gamma, c > \delta\} \cup \{G = \emptyset, c > \delta\}, \quad
        FN = \{G \ne \emptyset, c \le \delta\}

    Every distinct confidence is a threshold (the published evaluations take a tenth or two hundred of them). Average
    precision is the area under precision over recall, precision being the best at that recall or a higher one, as in
    object detection.

    Args:
        iou: of the predicted object of each picture; of no account where nothing sounds.
        confidence: score of that object.
        sounding: whether the picture shows what sounds (G ≠ ∅).
        iou_threshold: γ.

    Shapes:
        iou, confidence, sounding [n]

    Returns:
        ``ap`` and ``max_f1``.

    Raises:
        GraphError: if shapes disagree, a confidence is not finite, or no picture is sounding.

    Example:
        >>> iou, sounding = torch.tensor([0.9, 0.0, 0.8]), torch.tensor([True, False, True])
        >>> found = counterfactual_scores(iou, torch.tensor([0.9, 0.7, 0.4]), sounding)
        >>> round(found["ap"], 4), round(found["max_f1"], 4)
        (0.8333, 0.8)
    """
    check_tensors({"iou": iou, "confidence": confidence, "sounding": sounding})
    shapes = [list(value.shape) for value in (iou, confidence, sounding)]
    if iou.dim() != 1 or not len(iou) or shapes != [shapes[0]] * 3:
        raise GraphError(f"iou, confidence, sounding: expected three [n], got {', '.join(map(str, shapes))}")
    if sounding.dtype != torch.bool:
        raise GraphError(f"sounding: expected bool, got {sounding.dtype}")
    if not bool(confidence.isfinite().all()):
        raise GraphError(f"confidence: row {int((~confidence.isfinite()).nonzero()[0])} is not finite")
    if not bool(sounding.any()):
        raise GraphError("sounding: no picture shows what sounds, so there is nothing to recognise")
    order = confidence.argsort(descending=True, stable=True)
    hit = (sounding & (iou > iou_threshold))[order].double().cumsum(0)
    shown = sounding[order].double().cumsum(0)
    # Among equal confidences only the last is a threshold: all of them are above it or none.
    ranked = confidence[order]
    last = torch.cat([ranked[1:] != ranked[:-1], torch.ones(1, dtype=torch.bool, device=iou.device)])
    taken = torch.arange(1, len(iou) + 1, dtype=torch.float64, device=iou.device)[last]
    hit, missed = hit[last], shown[-1] - shown[last]
    precision = hit / taken
    found = hit + missed
    recall = torch.where(found > 0, hit / torch.where(found > 0, found, 1), 0)
    total = precision + recall
    f1 = torch.where(total > 0, 2 * precision * recall / torch.where(total > 0, total, 1), 0)
    best = precision.flip(0).cummax(0).values.flip(0)
    step = torch.diff(recall, prepend=recall.new_zeros(1))
    return {"ap": float((step * best).sum()), "max_f1": float(f1.max())}
