"""The objectives compared in the m-LTM paper, each of one batch whose row i belongs to row i."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from avgraph.nn import hard_triplet_loss, info_nce, mahalanobis_cost, matching_loss, partial_sinkhorn, sinkhorn
from avgraph.nn.precision import full_precision

LossName = Literal["mltm", "info_nce", "info_nce_entropy", "triplet"]


@dataclass(frozen=True)
class Objective:
    """A loss and its settings.

    Attributes:
        name: ``"mltm"`` (Eq. 10; with ``mass`` Eq. 12), ``"info_nce"`` (Eq. 1), ``"info_nce_entropy"`` (Eq. 14) or
            ``"triplet"`` (hardest negative).
        epsilon: of the coupling.
        mass: share of the mass that is moved; none moves all.
        temperature: of InfoNCE.
        entropy_weight: of the entropy term of Eq. 14.
        margin: of the triplets, on squared distances of unit rows.
        max_iter, tol: of the coupling.
    """

    name: LossName = "mltm"
    epsilon: float = 0.05
    mass: float | None = None
    temperature: float = 0.07
    entropy_weight: float = 0.05
    margin: float = 0.2
    max_iter: int = 2000
    tol: float = 1e-6

    def of_equal_rows(self, sizes: Sequence[int]) -> float | None:
        """The loss where all rows are equal, over batches of such sizes; None where nobody has worked it out.

        Every row then goes to all partners alike: log b of Eq. 1 and Eq. 10, less the entropy term of Eq. 14.

        Example:
            >>> round(Objective("info_nce").of_equal_rows([8, 8]), 4), Objective("triplet").of_equal_rows([8])
            (2.0794, None)
        """
        if self.name == "triplet" or self.mass is not None:
            return None
        mean = sum(size * math.log(size) for size in sizes) / sum(sizes)
        return mean * (1 - self.entropy_weight) if self.name == "info_nce_entropy" else mean

    def __call__(self, x: Tensor, y: Tensor, metric: Tensor) -> tuple[Tensor, bool]:
        """The loss, and whether the coupling behind it converged.

        Shapes:
            x, y [b, d] unit rows, metric [d, d] or [d]
        """
        if self.name == "mltm":
            cost = mahalanobis_cost(x, y, metric, normalize="max")
            if self.mass is None:
                coupling = sinkhorn(cost, self.epsilon, max_iter=self.max_iter, tol=self.tol)
            else:
                coupling = partial_sinkhorn(cost, self.epsilon, self.mass, max_iter=self.max_iter, tol=self.tol)
            return matching_loss(coupling), bool(coupling.converged)
        if self.name == "triplet":
            return hard_triplet_loss(x, y, torch.arange(len(x), device=x.device), margin=self.margin), True
        loss = info_nce(x, y, self.temperature)
        if self.name == "info_nce_entropy":
            with full_precision(x, y) as (x, y):
                log_rank = (x @ y.T / self.temperature).log_softmax(1)
            loss = loss + self.entropy_weight * (log_rank.exp() * log_rank).sum(1).mean()
        return loss, True
