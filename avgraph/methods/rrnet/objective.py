"""The loss over labelled candidate edges (Eq. 9)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torch_geometric.utils import scatter, softmax

from avgraph.methods.rrnet.options import RrnetOptions


def candidate_loss(
    options: RrnetOptions,
    logits: Float[Tensor, " e"],
    y: Float[Tensor, " e"],
    train: Bool[Tensor, " e"],
    source: Int64[Tensor, " e"],
    num_sources: int,
) -> Tensor:
    """Cross-entropy of every edge by itself, or of the candidates of a source node against each other.

    Args:
        options: ``loss`` and ``reduction``.
        logits: of candidate edges; of a source node all of them.
        y: above 0 where an edge is right.
        train: which of them may be learned from.
        source: number of the source node.
        num_sources: how many there are.

    Example:
        >>> y, source = torch.tensor([1.0, 0.0]), torch.tensor([0, 0])
        >>> candidate_loss(RrnetOptions(), torch.zeros(2), y, y >= 0, source, 1)  # log 2
        tensor(0.6931)
    """
    if options.loss == "bce":
        return F.binary_cross_entropy_with_logits(logits[train], y[train].to(logits), reduction=options.reduction)
    true = train & (y > 0)
    share, least = softmax(logits, source, num_nodes=num_sources)[true], torch.finfo(logits.dtype).tiny
    # What is too little for the type of the numbers is as surprising as it is behind the best candidate.
    behind = scatter(logits, source, dim_size=num_sources, reduce="max")[source[true]] - logits[true]
    surprise = torch.where(share > least, -share.clamp_min(least).log(), behind)
    loss: Tensor = surprise.mean() if options.reduction == "mean" else surprise.sum()
    return loss
