"""The loss of a batch by name: the teacher's (Eq. 2) or, with a graph, the student's (Eq. 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
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
    done: float = 0.0,
) -> dict[str, Tensor]:
    """Metric loss, semantic alignment and latent interactions, weighted: their sum is what is minimised.

    Args:
        options: which of them, and their settings.
        network: in training.
        x: features of the batch, of a run on several ranks the rows of this one.
        y: class of each clip of the whole batch [n].
        teacher: of a student; None for what has no graph yet.
        rows: of the teacher's soft labels, one for each clip [n].
        done: share of the student's training that lies behind.

    Example:
        >>> network = ClipNetwork({"audio": 4, "visual": 5}, 2, LirOptions())
        >>> x, y = {"audio": torch.zeros(3, 4), "visual": torch.zeros(3, 5)}, torch.tensor([0, 1, 0])
        >>> list(batch_loss(LirOptions(), network, x, y))
        ['metric', 'alignment']
    """
    z_audio, z_visual = (gather_rows(z, len(y)) for z in network(x))
    truth = F.one_hot(y, z_audio.shape[1]).to(z_audio)
    believed = truth
    if teacher is not None and (options.distillation > 0 or options.false_negatives > 0):
        believed = believed_labels(truth, teacher.soft[rows])
    own: dict[str, Any] = {} if options.loss == "n_pair" else {"margin": options.margin}
    if options.loss == "triplet":
        own["mean_over"] = options.triplet_mean
        if options.false_negatives > 0 and teacher is not None:
            own["negative_weight"] = 1 - options.false_negatives * sharing(believed)
    parts = {"metric": LOSSES[options.loss](*network.proxies(z_audio, z_visual), y, **own)}
    if options.semantic_alignment:
        target = torch.lerp(truth, believed, options.distillation * done)
        parts["alignment"] = semantic_alignment_loss(z_audio.sigmoid(), z_visual.sigmoid(), target)
    if options.interaction_weight > 0 and teacher is not None:
        value = network.energy(z_audio, z_visual, teacher.soft[rows], teacher.weights)
        parts["interaction"] = options.interaction_weight * value
    return parts


def believed_labels(truth: Tensor, soft: Tensor) -> Tensor:
    """The annotation, and where there is none what the teacher believes: the mean of what it hears and sees.

    Shapes:
        truth [n, C], soft [n, 2C] → [n, C]

    Example:
        >>> believed_labels(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.7, 0.2, 0.9, 0.4]]))
        tensor([[1.0000, 0.3000]])
    """
    heard, seen = soft.to(truth).chunk(2, dim=1)
    return torch.maximum(truth, (heard + seen) / 2)


def sharing(believed: Tensor) -> Tensor:
    """Probability that two clips share a class, if each has each class independently with the believed probability.

    Shapes:
        believed [n, C] → [n, n]

    Example:
        >>> sharing(torch.tensor([[1.0, 0.5], [0.0, 0.5]]))
        tensor([[1.0000, 0.2500],
                [0.2500, 0.2500]])
    """
    apart = torch.ones(len(believed), len(believed), dtype=believed.dtype, device=believed.device)
    for column in believed.T:
        apart *= 1 - column[:, None] * column
    return 1 - apart
