"""Semantic completion by noise (C-MCR, NeurIPS 2023, Eq. 3)."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn._unit_rows import unit_rows
from avgraph.tensors import check_tensors, finite


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
