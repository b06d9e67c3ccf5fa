"""Batch-hard triplet loss (Hermans, Beyer & Leibe, "In Defense of the Triplet Loss", 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn._metric_inputs import both_ways, check_margin, check_pairs, same_class, squared_distances


def hard_triplet_loss(
    anchor: Tensor, other: Tensor, label: Tensor, *, margin: float = 1.2, symmetric: bool = True
) -> Tensor:
    r"""Mean hinge over the anchors, each with its farthest positive and its nearest negative of the other modality.

    .. math::
        \operatorname{mean}_i \left[\max_{y_p = y_i} \lVert a_i - o_p \rVert_2^2
        - \min_{y_q \ne y_i} \lVert a_i - o_q \rVert_2^2 + \text{margin}\right]_+

    Shapes:
        anchor, other [n, d], label [n] → scalar; 0 if all clips are of one class

    Raises:
        GraphError: if shapes disagree or the margin is not above 0.

    Example:
        >>> x = torch.tensor([[0.0], [3.0]])
        >>> hard_triplet_loss(x, x.flip(0), torch.tensor([0, 1]), margin=1.0)
        tensor(10.)
    """
    check_pairs(anchor, other, label)
    check_margin(margin)
    positive = same_class(label.to(anchor.device))
    usable = ~positive.all(1)

    def one_way(x: Tensor, y: Tensor) -> Tensor:
        distance = squared_distances(x, y)[usable]
        far = distance.masked_fill(~positive[usable], -torch.inf).amax(1) if len(distance) else distance.sum(1)
        near = distance.masked_fill(positive[usable], torch.inf).amin(1) if len(distance) else distance.sum(1)
        return (far - near + margin).clamp_min(0).sum() / max(1, len(distance))

    return both_ways(one_way, anchor, other, symmetric)
