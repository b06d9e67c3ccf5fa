"""The loss of a batch by name: the teacher's (Eq. 2) or, with a graph, the student's (Eq. 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch.nn.functional as F
from torch import Tensor

from avgraph.methods.lir.network import ClipNetwork
from avgraph.methods.lir.options import LirOptions
from avgraph.methods.lir.teacher import Teacher
from avgraph.nn import (
    contrastive_loss,
    hard_triplet_loss,
    n_pair_loss,
    proxy_triplet_loss,
    semantic_alignment_loss,
)
from avgraph.nn.distributed import gather_rows

LOSSES: Mapping[str, Callable[..., Tensor]] = {
    "triplet": proxy_triplet_loss,
    "hard_triplet": hard_triplet_loss,
    "contrastive": contrastive_loss,
    "n_pair": n_pair_loss,
}


def batch_loss(
    options: LirOptions,
    network: ClipNetwork,
    x: Mapping[str, Tensor],
    y: Tensor,
    teacher: Teacher | None = None,
    rows: Tensor | None = None,
) -> dict[str, Tensor]:
    """Metric loss, semantic alignment and latent interactions, weighted: their sum is what is minimised.

    Args:
        options: which of them, and their settings.
        network: in training.
        x: features of the batch, of a run on several ranks the rows of this one.
        y: class of each clip of the whole batch [n].
        teacher: of a student; None for what has no graph yet.
        rows: of the teacher's soft labels, one for each clip [n].

    Example:
        >>> import torch
        >>> network = ClipNetwork({"audio": 4, "visual": 5}, 2, LirOptions())
        >>> x, y = {"audio": torch.zeros(3, 4), "visual": torch.zeros(3, 5)}, torch.tensor([0, 1, 0])
        >>> list(batch_loss(LirOptions(), network, x, y))
        ['metric', 'alignment']
    """
    z_audio, z_visual = (gather_rows(z, len(y)) for z in network(x))
    own = {} if options.loss == "n_pair" else {"margin": options.margin}
    parts = {"metric": LOSSES[options.loss](*network.proxies(z_audio, z_visual), y, **own)}
    if options.semantic_alignment:
        truth = F.one_hot(y, z_audio.shape[1])
        parts["alignment"] = semantic_alignment_loss(z_audio.sigmoid(), z_visual.sigmoid(), truth)
    if options.interaction_weight > 0 and teacher is not None:
        value = network.energy(z_audio, z_visual, teacher.soft[rows], teacher.weights)
        parts["interaction"] = options.interaction_weight * value
    return parts
