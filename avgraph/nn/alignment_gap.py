"""Gap between paired embeddings: contrast without its repulsion (C-MCR, NeurIPS 2023, Eq. 9)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.nn._unit_rows import check_two_views, unit_rows
from avgraph.nn.precision import at_least_single
from avgraph.tensors import finite


def alignment_gap(x: Tensor, y: Tensor, *, squared: bool = False) -> Float[Tensor, ""]:
    r"""Mean distance between row i of one side and row i of the other, on the unit sphere.

    .. math::
        \frac1b \sum_i \Bigl\lVert \frac{x_i}{\lVert x_i \rVert} - \frac{y_i}{\lVert y_i \rVert} \Bigr\rVert_2

    The paper's L_intra is half the sum of the gaps of two spaces. Where two rows coincide the distance has no gradient;
    here it is 0.

    Args:
        x, y: two sides; their rows need not be unit.
        squared: of the squared distance, 2 − 2 cos, which pulls near pairs less.

    Shapes:
        x, y [b, d] → scalar

    Raises:
        GraphError: if shapes differ, or a number is not finite.

    Example:
        >>> x, y = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
        >>> alignment_gap(x, y), alignment_gap(x, y, squared=True)
        (tensor(1.4142), tensor(2.))
    """
    check_two_views(x, y)
    square = (unit_rows(at_least_single(x)) - unit_rows(at_least_single(y))).square().sum(1)
    if squared:
        return finite(square.mean(), {"x": x, "y": y})
    apart = square != 0  # true of NaN, which stays
    return finite(torch.where(apart, torch.where(apart, square, 1).sqrt(), 0).mean(), {"x": x, "y": y})
