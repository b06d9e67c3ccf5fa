"""The objectives compared in the m-LTM paper, each of one batch whose row i belongs to row i."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from avgraph.methods.mltm.options import MltmOptions
from avgraph.methods.mltm.trust import contrast_of_pairs, partial_trust, smallest_losses
from avgraph.nn import SinkhornConv, hard_triplet_loss, info_nce, mahalanobis_cost, matching_loss
from avgraph.nn.precision import full_precision

_LOG_ZERO = 4.0  # less the logarithm of 0 in the reverse cross-entropy


@dataclass(frozen=True)
class Objective:
    """The loss that is declared: ``"mltm"`` (Eq. 10; with ``mass`` Eq. 12), ``"info_nce"`` (Eq. 1),
    ``"info_nce_entropy"`` (Eq. 14), ``"info_nce_reverse"`` (with the reverse cross-entropy of Wang et al., 2019, where
    log 0 is −4) or ``"triplet"`` (hardest negative).

    Attributes:
        options: which, and its settings.
        max_iter: of the coupling.
        tol: of the coupling.
    """

    options: MltmOptions
    max_iter: int = 2000
    tol: float = 1e-6

    @cached_property
    def coupled(self) -> SinkhornConv:
        """The layer that couples a batch."""
        return SinkhornConv(self.options.epsilon, self.options.mass, max_iter=self.max_iter, tol=self.tol)

    def of_equal_rows(self, sizes: Sequence[int]) -> float | None:
        """The loss where all rows are equal, over batches of such sizes; None where nobody has worked it out.

        Every row then goes to all partners alike: log b of Eq. 1 and Eq. 10, less the entropy term of Eq. 14, and more
        the reverse cross-entropy.

        Example:
            >>> nce, triplet = (Objective(MltmOptions(loss=name)) for name in ("info_nce", "triplet"))
            >>> round(nce.of_equal_rows([8, 8]), 4), triplet.of_equal_rows([8])
            (2.0794, None)
        """
        if self.options.loss == "triplet" or self.options.mass is not None:
            return None
        mean = sum(size * math.log(size) for size in sizes) / sum(sizes)
        if self.options.loss == "info_nce_reverse":
            return mean + self.options.reverse_weight * _LOG_ZERO * (1 - len(sizes) / sum(sizes))
        return mean * (1 - self.options.entropy_weight) if self.options.loss == "info_nce_entropy" else mean

    def __call__(self, x: Tensor, y: Tensor, metric: Tensor, *, trusting: bool = False) -> tuple[Tensor, bool]:
        """The loss, of the pairs as they are trusted if ``trusting``, and whether the coupling behind it converged.

        Shapes:
            x, y [b, d] unit rows, metric [d, d] or [d]
        """
        options = self.options
        if trusting:
            losses, weights, converged = self.weighed(x, y, metric)
            return (weights * losses).sum() / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny), converged
        if options.loss == "mltm":
            coupling = self.coupled((x, y), edge_cost=mahalanobis_cost(x, y, metric, normalize="max"))
            return matching_loss(coupling), bool(coupling.converged)
        if options.loss == "triplet":
            return hard_triplet_loss(x, y, torch.arange(len(x), device=x.device), margin=options.margin), True
        loss = info_nce(x, y, options.temperature)
        if options.loss in ("info_nce_entropy", "info_nce_reverse"):
            with full_precision(x, y) as (x, y):
                similarity = x @ y.T / options.temperature
                loss = loss + self._added(similarity)
        return loss, True

    def _added(self, similarity: Tensor) -> Tensor:
        """What a loss adds to InfoNCE."""
        options, log_rank = self.options, similarity.log_softmax(1)
        if options.loss == "info_nce_entropy":
            return options.entropy_weight * (log_rank.exp() * log_rank).sum(1).mean()
        right = (log_rank.diagonal().exp() + similarity.log_softmax(0).diagonal().exp()) / 2
        return options.reverse_weight * _LOG_ZERO * (1 - right).mean()

    def weighed(self, x: Tensor, y: Tensor, metric: Tensor) -> tuple[Tensor, Tensor, bool]:
        """Loss and trust of each pair, and whether the coupling behind the losses converged.

        Shapes:
            x, y [b, d] unit rows, metric [d, d] or [d] → [b], [b]
        """
        options = self.options
        if options.loss == "info_nce":
            losses = contrast_of_pairs(x, y, options.temperature)
            return losses, smallest_losses(losses, options.trusted), True
        cost = mahalanobis_cost(x, y, metric, normalize="max")
        coupling = self.coupled((x, y), edge_cost=cost)
        losses = -coupling.log_plan.diagonal() - math.log(len(x))
        if options.trust == "partial":
            weights = partial_trust(cost, options.epsilon, options.trusted)
        else:
            weights = smallest_losses(losses, options.trusted)
        return losses, weights, bool(coupling.converged)
