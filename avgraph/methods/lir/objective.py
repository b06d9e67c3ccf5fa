"""The loss of a batch by name: the teacher's (Eq. 2) or, with a graph, the student's (Eq. 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from avgraph.methods.lir.network import ClipNetwork
from avgraph.methods.lir.teacher import Teacher
from avgraph.nn import (
    contrastive_loss,
    hard_triplet_loss,
    latent_interaction_loss,
    n_pair_loss,
    proxy_triplet_loss,
    semantic_alignment_loss,
)

LOSSES: Mapping[str, Callable[..., Tensor]] = {
    "triplet": proxy_triplet_loss,
    "hard_triplet": hard_triplet_loss,
    "contrastive": contrastive_loss,
    "n_pair": n_pair_loss,
}


@dataclass(frozen=True)
class Objective:
    """Metric loss, semantic alignment and latent interactions.

    Attributes:
        loss, margin: metric loss, one of `LOSSES`; ``"n_pair"`` has no margin.
        semantic_alignment: add AV-SAL (Eq. 1).
        interaction_weight: γ of Eq. 8; 0 leaves the regulariser out.
        interaction: options of `latent_interaction_loss`.

    Example:
        >>> import torch
        >>> network = ClipNetwork({"audio": 4, "visual": 5}, 2)
        >>> x, y = {"audio": torch.zeros(3, 4), "visual": torch.zeros(3, 5)}, torch.tensor([0, 1, 0])
        >>> list(Objective()(network, x, y))
        ['metric', 'alignment']
    """

    loss: str = "triplet"
    margin: float = 1.2
    semantic_alignment: bool = True
    interaction_weight: float = 0.005
    interaction: Mapping[str, Any] = field(default_factory=dict)

    def __call__(
        self,
        network: ClipNetwork,
        x: Mapping[str, Tensor],
        y: Tensor,
        teacher: Teacher | None = None,
        rows: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """The parts of the loss, weighted: their sum is what is minimised.

        Args:
            network: in training.
            x: features of the batch.
            y: class of each clip [n].
            teacher: of a student; None for what has no graph yet.
            rows: of the teacher's soft labels, one for each clip [n].
        """
        z_audio, z_visual = network(x)
        own = {} if self.loss == "n_pair" else {"margin": self.margin}
        parts = {"metric": LOSSES[self.loss](*network.proxies(z_audio, z_visual), y, **own)}
        if self.semantic_alignment:
            truth = F.one_hot(y, z_audio.shape[1])
            parts["alignment"] = semantic_alignment_loss(z_audio.sigmoid(), z_visual.sigmoid(), truth)
        if self.interaction_weight > 0 and teacher is not None:
            soft_audio, soft_visual = teacher.soft[rows].chunk(2, 1)
            value = latent_interaction_loss(
                z_audio, z_visual, soft_audio, soft_visual, teacher.weights, **self.interaction
            )
            parts["interaction"] = self.interaction_weight * value
        return parts
