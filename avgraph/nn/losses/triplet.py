"""Triplet losses: of all triplets (Schroff et al. 2015), and of the hardest (Hermans, Beyer & Leibe 2017)."""

from __future__ import annotations

import torch
from torch import Tensor

from avgraph.nn.losses._metric_inputs import both_ways, check_margin, check_pairs, same_class, squared_distances


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


def proxy_triplet_loss(
    anchor: Tensor, other: Tensor, label: Tensor, *, margin: float = 1.2, symmetric: bool = True
) -> Tensor:
    r"""Mean hinge over all triplets (anchor i, positive p, negative q), p and q from the other modality.

    .. math::
        \operatorname{mean}_{(i, p, q)\,:\,y_p = y_i \ne y_q}
        \left[\lVert a_i - o_p \rVert_2^2 - \lVert a_i - o_q \rVert_2^2 + \text{margin}\right]_+

    The n³ triplets are never formed: how many negatives are nearer than a positive plus the margin is found by
    sorting, and given these counts the sum is linear in the distances. Value and gradient are exact, in O(n² log n).
    "Proxy" says what it is called with in the paper (see `AnchorProxy`); it takes any embeddings.

    Args:
        anchor, other: embeddings of the two modalities, row i of both from one clip.
        label: class of each clip; p may be i itself.
        margin: on squared distances.
        symmetric: mean with the loss whose anchors are ``other``.

    Shapes:
        anchor, other [n, d], label [n] → scalar; 0 if no triplet is valid

    Raises:
        GraphError: if shapes disagree or the margin is not above 0.

    Example:
        >>> anchor, other = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [1.0]])
        >>> proxy_triplet_loss(anchor, other, torch.tensor([0, 1]))
        tensor(0.2000)
    """
    check_pairs(anchor, other, label)
    check_margin(margin)
    positive = same_class(label.to(anchor.device))
    return both_ways(lambda x, y: _one_way(squared_distances(x, y), positive, margin), anchor, other, symmetric)


def _one_way(distance: Tensor, positive: Tensor, margin: float) -> Tensor:
    n_positive = positive.sum(1, keepdim=True)
    triplets = (n_positive[:, 0] * (len(distance) - n_positive[:, 0])).sum()
    with torch.no_grad():
        # A triplet costs where its negative comes before its positive plus the margin: one sort of each row tells.
        order = torch.where(positive, distance + margin, distance).argsort(1)
        is_positive = positive.gather(1, order)
        nearer = (~is_positive).cumsum(1)  # than a positive: active triplets with it
        farther = n_positive - is_positive.cumsum(1)  # than a negative: active triplets with it
        weight = torch.where(is_positive, nearer, -farther).to(distance)
        weight = torch.empty_like(distance).scatter_(1, order, weight)
        active = (nearer * is_positive).sum()
    total = (weight * distance).sum() + margin * active.to(distance)
    return total / triplets.clamp_min(1)
