"""What a method would reach without looking at its data: the mark that a run has to leave behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor


@dataclass(frozen=True)
class Trivial:
    """The trivial solution of a bound task.

    Attributes:
        loss: of the best constant prediction, as ``train/loss`` counts it; None where there is no such number.
        metrics: `<split>/<name>` → what the trivial prediction reaches, of metrics of which more is better.
        prediction: what the trivial prediction is called in a message.
        errors: as ``metrics``, of metrics of which less is better.
    """

    loss: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    prediction: str = "the majority class"
    errors: Mapping[str, float] = field(default_factory=dict)


def majority_accuracy(y: Tensor, train: Tensor, masks: Mapping[str, Tensor]) -> dict[str, float]:
    """Accuracy in every mask of always saying the most frequent class of the training rows (ties: the first).

    Args:
        y: class of every row [n]; a negative one is not known.
        train: mask of the training rows [n].
        masks: name of a number → the rows it is of; those whose class is not known are left out.

    Example:
        >>> import torch
        >>> y = torch.tensor([0, 1, 1, 1, 0])
        >>> train = torch.tensor([True, True, True, False, False])
        >>> majority_accuracy(y, train, {"test/accuracy": ~train})
        {'test/accuracy': 0.5}
    """
    known = y[train & (y >= 0)]
    if not len(known):
        return {}
    majority = int(known.bincount().argmax())
    asked = {name: y[mask & (y >= 0)] for name, mask in masks.items()}
    return {name: float((truth == majority).double().mean()) for name, truth in asked.items() if len(truth)}
