"""InfoNCE towards soft targets: cross-entropy of a batch's similarities to a table of them, both ways."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_temperature, finite, is_traced
from avgraph.tensors.rows import unit_rows


def soft_info_nce(x: Tensor, y: Tensor, target: Tensor, temperature: float) -> Float[Tensor, ""]:
    r"""Every row of one view is to spread over the rows of the other as a table of targets says, in both directions.

    .. math::
        -\frac12 \Bigl[\frac1a \sum_{ij} \frac{T_{ij}}{\sum_k T_{ik}} \log \operatorname{softmax}_j(s_{ij})
        + \frac1b \sum_{ij} \frac{T_{ij}}{\sum_k T_{kj}} \log \operatorname{softmax}_i(s_{ij})\Bigr],
        \quad s_{ij} = \cos(x_i, y_j) / \tau

    With the identity as table it is `info_nce`. The table is held.

    Args:
        x, y: two views; their rows need not be unit.
        target: how much row i of one belongs to row j of the other, T; no row or column may be all zero.
        temperature: τ.

    Shapes:
        x [a, d], y [b, d], target [a, b] → scalar

    Raises:
        GraphError: if shapes do not fit, a target is negative, a row or column of targets is zero, τ is not above 0, or
            a number is not finite.

    Example:
        >>> import torch
        >>> soft_info_nce(torch.eye(2), torch.eye(2), torch.eye(2), temperature=1.0)  # log(1 + 1/e)
        tensor(0.3133)
    """
    if x.dim() != 2 or y.dim() != 2 or x.shape[1] != y.shape[1] or target.shape != (len(x), len(y)):
        got = ", ".join(str(list(value.shape)) for value in (x, y, target))
        raise GraphError(f"x, y, target: expected [a, d], [b, d] and [a, b], got {got}")
    check_temperature(temperature)
    with full_precision(x, y, target) as (x, y, target):
        sums = target.sum(1, keepdim=True), target.sum(0, keepdim=True)
        if not is_traced(target):
            if bool((target < 0).any()):
                raise GraphError(f"target: expected no number below 0, got {float(target.min()):g}")
            for name, total in zip(("row", "column"), sums, strict=True):
                if bool((total == 0).any()):
                    raise GraphError(f"target: {name} {int((total == 0).flatten().nonzero()[0])} is all zero")
        score = (unit_rows(x) / temperature) @ unit_rows(y).T
        ways = (target / sums[0] * score.log_softmax(1)).sum(1), (target / sums[1] * score.log_softmax(0)).sum(0)
        return finite(-(ways[0].mean() + ways[1].mean()) / 2, {"x": x, "y": y, "target": target})
