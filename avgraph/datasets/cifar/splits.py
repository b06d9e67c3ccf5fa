"""Which pictures are kept, validated on, and trained on with their label: drawn class by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from avgraph.datasets.cifar.options import CIFAR10, CIFAR100
from avgraph.datasets.paired.labelled import TEST, TRAIN, VAL

UNLABELLED, DROPPED = 3, -1


@dataclass(frozen=True)
class Split:
    """0 train, 1 validation, 2 test, 3 a training picture without its label, -1 left out.

    Shapes:
        part [n]
    """

    part: Int64[Tensor, " n"]

    @property
    def masks(self) -> tuple[Tensor, Tensor, Tensor]:
        """Train, validation and test."""
        return self.part == TRAIN, self.part == VAL, self.part == TEST


def drawn_split(y: Int64[Tensor, " n"], test: Bool[Tensor, " n"], options: CIFAR10 | CIFAR100) -> Split:
    """Draw it; which pictures validate depends on ``keep`` and ``seed``, not on ``labels_per_class``.

    Example:
        >>> y, test = torch.arange(40) % 2, torch.arange(40) >= 20
        >>> split = drawn_split(y, test, CIFAR10(val_fraction=0.2, labels_per_class=3))
        >>> [int((split.part == number).sum()) for number in (TRAIN, VAL, TEST, UNLABELLED)]
        [6, 4, 20, 10]
    """
    part = torch.full_like(y, DROPPED)
    rng = np.random.default_rng(options.seed)
    for number in y.unique().tolist():
        for of_test in (False, True):
            rows = ((y == number) & (test == of_test)).nonzero()[:, 0]
            drawn = rows[torch.from_numpy(rng.permutation(len(rows)))][: max(1, round(options.keep * len(rows)))]
            if of_test:
                part[drawn] = TEST
                continue
            count = round(options.val_fraction * len(drawn))
            part[drawn[:count]] = VAL
            rest = drawn[count:]
            labels = len(rest) if options.labels_per_class is None else options.labels_per_class
            part[rest[:labels]], part[rest[labels:]] = TRAIN, UNLABELLED
    return Split(part)
