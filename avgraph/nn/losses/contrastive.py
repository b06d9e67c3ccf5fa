"""Contrastive loss (Hadsell, Chopra & LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", 2006)."""

from __future__ import annotations

from torch import Tensor

from avgraph.nn.losses._metric_inputs import both_ways, check_margin, check_pairs, same_class, squared_distances


def contrastive_loss(
    anchor: Tensor, other: Tensor, label: Tensor, *, margin: float = 1.2, symmetric: bool = True
) -> Tensor:
    r"""Pairs of one class are drawn together, others pushed apart up to the margin.

    .. math::
        \tfrac12 \operatorname{mean}_{y_i = y_p} d_{ip}^2 + \tfrac12 \operatorname{mean}_{y_i \ne y_q} [m - d_{iq}]_+^2

    d is the Euclidean distance across modalities. The two means are taken apart, so that the many negatives of a batch
    do not drown its positives. The loss is symmetric by itself; ``symmetric`` is there for the same call as the others.

    Shapes:
        anchor, other [n, d], label [n] → scalar

    Raises:
        GraphError: if shapes disagree or the margin is not above 0.

    Example:
        >>> import torch
        >>> contrastive_loss(torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [1.0]]), torch.tensor([0, 1]), margin=2)
        tensor(1.)
    """
    check_pairs(anchor, other, label)
    check_margin(margin)
    positive = same_class(label.to(anchor.device))

    def one_way(x: Tensor, y: Tensor) -> Tensor:
        square = squared_distances(x, y)
        # The root of 0 has no gradient: where two embeddings coincide, the push has no direction either.
        distance = square.clamp_min(1e-12).sqrt()
        push = ((margin - distance).clamp_min(0).square() * ~positive).sum() / (~positive).sum().clamp_min(1)
        return ((square * positive).sum() / positive.sum().clamp_min(1) + push) / 2

    return both_ways(one_way, anchor, other, symmetric)
