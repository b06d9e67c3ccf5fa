"""The loss over labelled candidate edges (Eq. 9)."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torch_geometric.utils import scatter

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
        >>> import torch
        >>> y, source = torch.tensor([1.0, 0.0]), torch.tensor([0, 0])
        >>> candidate_loss(RrnetOptions(), torch.zeros(2), y, y >= 0, source, 1)  # log 2
        tensor(0.6931)
    """
    if options.loss == "bce":
        return F.binary_cross_entropy_with_logits(logits[train], y[train].to(logits), reduction=options.reduction)
    largest = scatter(logits.detach(), source, dim_size=num_sources, reduce="max")
    total = scatter((logits - largest[source]).exp(), source, dim_size=num_sources)
    true = train & (y > 0)
    of_true = source[true]
    surprise = total[of_true].log() + largest[of_true] - logits[true]
    loss: Tensor = surprise.mean() if options.reduction == "mean" else surprise.sum()
    return loss
