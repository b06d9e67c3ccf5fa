"""Noise on unit rows, and the gap between pairs of them (C-MCR, NeurIPS 2023, Eqs. 3 and 9)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import at_least_single
from avgraph.tensors.checks import check_tensors, finite
from avgraph.tensors.rows import unit_rows


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


def semantic_noise(
    x: Tensor, variance: float, *, generator: torch.Generator | None = None
) -> Float[Tensor, "batch channels"]:
    r"""Move embeddings at random and put them back on the unit sphere.

    .. math::
        \tilde x = \frac{x + \theta}{\lVert x + \theta \rVert}, \qquad \theta \sim \mathcal{N}(0, \sigma^2 I)

    The paper's σ² = .004 is a variance: in 512 dimensions the noise is 1.43 long, more than the unit row that it moves.

    Args:
        x: embeddings, usually unit rows; they are not scaled before the noise.
        variance: σ², at least 0.
        generator: source of the noise (default: torch's own).

    Shapes:
        x [b, d] → [b, d], unit rows

    Raises:
        GraphError: if ``x`` is no [b, d] of floating point or the variance is below 0.

    Example:
        >>> semantic_noise(torch.tensor([[3.0, 4.0]]), variance=0.0)
        tensor([[0.6000, 0.8000]])
    """
    check_tensors({"x": x})
    if x.dim() != 2 or not x.is_floating_point():
        raise GraphError(f"x: expected floating-point rows [b, d], got {x.dtype} {list(x.shape)}")
    if not 0 <= variance < float("inf"):
        raise GraphError(f"variance: expected a number of at least 0, got {variance}")
    noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
    return finite(unit_rows(x + variance**0.5 * noise), {"x": x, "variance": torch.tensor(variance)})


def check_two_views(x: Tensor, y: Tensor) -> None:
    """Refuse what is no two views of one batch.

    Raises:
        GraphError: if ``x`` and ``y`` are no two [b, d] of floating point with b above 0.

    Example:
        >>> check_two_views(torch.zeros(2, 3), torch.zeros(2, 4))
        Traceback (most recent call last):
        avgraph.errors.GraphError: x, y: expected two [b, d] of one shape, got [2, 3] and [2, 4]
    """
    check_tensors({"x": x, "y": y})
    if x.dim() != 2 or x.shape != y.shape or not len(x):
        raise GraphError(f"x, y: expected two [b, d] of one shape, got {list(x.shape)} and {list(y.shape)}")
    if not (x.is_floating_point() and y.is_floating_point()):
        raise GraphError(f"x, y: expected floating point, got {x.dtype} and {y.dtype}")
