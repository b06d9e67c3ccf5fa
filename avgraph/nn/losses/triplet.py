"""Triplet losses: of all triplets (Schroff et al. 2015), and of the hardest (Hermans, Beyer & Leibe 2017)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.losses._metric_inputs import both_ways, check_margin, check_pairs, same_class, squared_distances
from avgraph.tensors.checks import check_tensors, is_traced


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
    anchor: Tensor,
    other: Tensor,
    label: Tensor,
    *,
    margin: float = 1.2,
    symmetric: bool = True,
    mean_over: Literal["triplets", "anchors"] = "triplets",
    negative_weight: Tensor | None = None,
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
        mean_over: all triplets, or anchors, each the mean of its own triplets; they differ where classes do in size.
        negative_weight: of the triplets whose anchor is of clip i and whose negative is of clip q; a weighted mean.

    Shapes:
        anchor, other [n, d], label [n], negative_weight [n, n] → scalar; 0 if no triplet is valid

    Raises:
        GraphError: if shapes disagree, a weight or ``mean_over`` is out of range or the margin is not above 0.

    Example:
        >>> anchor, other = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [1.0]])
        >>> proxy_triplet_loss(anchor, other, torch.tensor([0, 1]))
        tensor(0.2000)
    """
    check_pairs(anchor, other, label)
    check_margin(margin)
    if mean_over not in ("triplets", "anchors"):
        raise GraphError(f"mean_over: expected 'triplets' or 'anchors', got {mean_over!r}")
    positive = same_class(label.to(anchor.device))
    negative = ~positive
    if negative_weight is not None:
        _check_weight(negative_weight, len(label))
        negative = negative_weight.detach().to(anchor).masked_fill(positive, 0)
    return both_ways(
        lambda x, y: _one_way(squared_distances(x, y), positive, negative, margin, mean_over == "anchors"),
        anchor, other, symmetric,
    )  # fmt: skip


def _check_weight(weight: Tensor, clips: int) -> None:
    check_tensors({"negative_weight": weight})
    if tuple(weight.shape) != (clips, clips):
        raise GraphError(f"negative_weight: expected [{clips}, {clips}], got {list(weight.shape)}")
    if not is_traced(weight) and not (bool(weight.isfinite().all()) and bool((weight >= 0).all())):
        raise GraphError("negative_weight: expected finite numbers of at least 0")


def _one_way(distance: Tensor, positive: Tensor, negative: Tensor, margin: float, by_anchor: bool) -> Tensor:
    """The loss of each row; ``negative`` is the weight of each negative, 0 or false where there is none."""
    n_positive = positive.sum(1, keepdim=True)
    triplets = n_positive[:, 0] * negative.sum(1)
    with torch.no_grad():
        # A triplet costs where its negative comes before its positive plus the margin: one sort of each row tells.
        order = torch.where(positive, distance + margin, distance).argsort(1)
        is_positive, weighted = positive.gather(1, order), negative.gather(1, order)
        nearer = weighted.cumsum(1)  # than a positive: active triplets with it
        farther = (n_positive - is_positive.cumsum(1)) * weighted  # than a negative: active triplets with it
        weight = torch.where(is_positive, nearer, -farther).to(distance)
        weight = torch.empty_like(distance).scatter_(1, order, weight)
        active = nearer * is_positive
    if not by_anchor:
        total = (weight * distance).sum() + margin * active.sum().to(distance)
        every = triplets.sum()
        return total / torch.where(every > 0, every, 1)
    each = (weight * distance).sum(1) + margin * active.sum(1).to(distance)
    some = triplets > 0
    return (each / torch.where(some, triplets, 1)).sum() / some.sum().clamp_min(1)
