"""N-pair loss (Sohn, "Improved Deep Metric Learning with Multi-class N-pair Loss Objective", 2016)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from avgraph.nn.losses._metric_inputs import both_ways, check_pairs, same_class


def n_pair_loss(anchor: Tensor, other: Tensor, label: Tensor, *, symmetric: bool = True) -> Tensor:
    r"""Each positive against all negatives of its anchor at once, by inner products.

    .. math::
        \operatorname{mean}_{(i, p)\,:\,y_p = y_i}
        \log\Bigl(1 + \sum_{y_q \ne y_i} \exp(a_i^\top o_q - a_i^\top o_p)\Bigr)

    Shapes:
        anchor, other [n, d], label [n] → scalar; 0 if all clips are of one class

    Raises:
        GraphError: if shapes disagree.

    Example:
        >>> n_pair_loss(torch.zeros(2, 3), torch.zeros(2, 3), torch.tensor([0, 1]))
        tensor(0.6931)
    """
    check_pairs(anchor, other, label)
    positive = same_class(label.to(anchor.device))
    if bool(positive.all()):
        return anchor[:0].sum() + other[:0].sum()

    def one_way(x: Tensor, y: Tensor) -> Tensor:
        product = x @ y.T
        against = product.masked_fill(positive, -torch.inf).logsumexp(1, keepdim=True)
        usable = positive & (against != -torch.inf)
        return F.softplus((against - product)[usable]).mean()

    return both_ways(one_way, anchor, other, symmetric)
