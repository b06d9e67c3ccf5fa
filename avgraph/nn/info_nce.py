"""InfoNCE between two views (C-MCR, NeurIPS 2023, Eq. 1, 5 and 6; van den Oord et al., 2018)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn._unit_rows import check_two_views, unit_rows


def info_nce(x: Tensor, y: Tensor, temperature: float) -> Float[Tensor, ""]:
    r"""Row i of one view is to find row i of the other among the batch, in both directions.

    .. math::
        -\frac{1}{2b} \sum_i \Bigl[\log \frac{e^{\cos(x_i, y_i)/\tau}}{\sum_j e^{\cos(x_i, y_j)/\tau}}
        + \log \frac{e^{\cos(x_i, y_i)/\tau}}{\sum_j e^{\cos(x_j, y_i)/\tau}}\Bigr]

    Args:
        x, y: two views; their rows need not be unit.
        temperature: τ; the paper takes .01.

    Shapes:
        x, y [b, d] → scalar

    Raises:
        GraphError: if shapes differ or τ is not above 0.

    Example:
        >>> info_nce(torch.eye(2), torch.eye(2), temperature=1.0)  # log(1 + 1/e)
        tensor(0.3133)
    """
    check_two_views(x, y)
    if not 0 < temperature < float("inf"):
        raise GraphError(f"temperature: expected a number above 0, got {temperature}")
    similarity = (unit_rows(x) / temperature) @ unit_rows(y).T
    among_y, among_x = (torch.logsumexp(similarity, dim).mean() for dim in (1, 0))
    return (among_y + among_x) / 2 - similarity.diagonal().mean()
