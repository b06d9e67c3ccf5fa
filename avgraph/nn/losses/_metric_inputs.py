"""What the metric losses share: checked inputs, the pairs of a batch, both directions."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from avgraph.errors import GraphError
from avgraph.nn.precision import full_precision
from avgraph.tensors.checks import check_classes, check_tensors, finite


def check_pairs(anchor: Tensor, other: Tensor, label: Tensor) -> None:
    """Refuse embeddings and classes that do not go together.

    Raises:
        GraphError: if ``anchor`` and ``other`` are no two [n, d] of floating point, or ``label`` is no [n] of integers.

    Example:
        >>> check_pairs(torch.zeros(2, 3), torch.zeros(2, 4), torch.tensor([0, 1]))
        Traceback (most recent call last):
        avgraph.errors.GraphError: anchor, other: expected two [n, d] of one shape, got [2, 3] and [2, 4]
    """
    check_tensors({"anchor": anchor, "other": other, "label": label})
    if anchor.dim() != 2 or anchor.shape != other.shape:
        raise GraphError(
            f"anchor, other: expected two [n, d] of one shape, got {list(anchor.shape)} and {list(other.shape)}"
        )
    if not (anchor.is_floating_point() and other.is_floating_point()):
        raise GraphError(f"anchor, other: expected floating point, got {anchor.dtype} and {other.dtype}")
    check_classes("label", label, len(anchor))


def check_margin(margin: float) -> None:
    """Refuse a margin that is not above 0.

    Raises:
        GraphError: saying what it is.
    """
    if not margin > 0:
        raise GraphError(f"margin: expected a number above 0, got {margin}")


def same_class(label: Tensor) -> Bool[Tensor, "n n"]:
    """Which pairs (anchor, other) are of one class; a clip's own pair is.

    Example:
        >>> same_class(torch.tensor([0, 1, 0])).tolist()
        [[True, False, True], [False, True, False], [True, False, True]]
    """
    return label[:, None] == label[None, :]


def squared_distances(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """‖x_i − y_j‖², never below 0.

    Example:
        >>> squared_distances(torch.zeros(1, 2), torch.tensor([[3.0, 4.0]]))
        tensor([[25.]])
    """
    centre = torch.cat([x, y]).mean(0).detach()  # far from the origin near points would cancel to noise
    x, y = x - centre, y - centre
    square = x.square().sum(1)[:, None] + y.square().sum(1)[None, :]
    return torch.addmm(square, x, y.T, alpha=-2.0).clamp_min(0)


def both_ways(one_way: Callable[[Tensor, Tensor], Tensor], anchor: Tensor, other: Tensor, symmetric: bool) -> Tensor:
    """The loss of ``anchor`` among ``other``; if ``symmetric``, its mean with ``other`` among ``anchor``.

    In at least single precision: squared distances of a large batch overflow in half.

    Raises:
        GraphError: if it is not finite, as the square of 1e20 is in single precision.
    """
    with full_precision(anchor, other) as (anchor, other):
        forth = one_way(anchor, other)
        loss = (forth + one_way(other, anchor)) / 2 if symmetric else forth
        return finite(loss, {"anchor": anchor, "other": other})
