"""The objective of one overlap of two spaces (C-MCR, NeurIPS 2023, Eq. 5-7, 9 and 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from avgraph.nn import alignment_gap, info_nce


@dataclass(frozen=True)
class Side:
    """What one space says of the items in a batch, projected into the connected space.

    Attributes:
        own: the items themselves.
        recalled: what each other modality of the space recalls for them.
        align: whether the two are drawn together.

    Shapes:
        own, recalled [b, d]
    """

    own: Tensor
    recalled: Sequence[Tensor]
    align: bool = True


def connection_loss(
    one: Side,
    two: Side,
    *,
    intra_weight: float = 0.1,
    temperature: float = 0.01,
    pseudo_temperature: float = 0.01,
    overlap: bool = True,
    pseudo: bool = True,
) -> dict[str, Float[Tensor, ""]]:
    r"""The terms of the loss; it is their sum.

    .. math::
        L = L_{ttc}(t^1, t^2) + L_{avc}(v^1, a^2)
            + \frac{\lambda}{2} \bigl[\operatorname{gap}(t^1, v^1) + \operatorname{gap}(t^2, a^2)\bigr]

    A space with several other modalities counts the mean over them, one with none leaves its terms out.

    Args:
        one, two: the two spaces.
        intra_weight: λ.
        temperature, pseudo_temperature: τ₂ and τ₃.
        overlap, pseudo: whether the first and the second term are there.

    Returns:
        ``overlap``, ``pseudo`` and ``intra``, those that are there.

    Example:
        >>> import torch
        >>> side = Side(torch.eye(2), [torch.eye(2)])
        >>> terms = connection_loss(side, side, temperature=1.0, pseudo_temperature=1.0)
        >>> {name: round(float(value), 4) for name, value in terms.items()}
        {'overlap': 0.3133, 'pseudo': 0.3133, 'intra': 0.0}
    """
    terms = {}
    if overlap:
        terms["overlap"] = info_nce(one.own, two.own, temperature)
    if pseudo and one.recalled and two.recalled:
        terms["pseudo"] = _mean([info_nce(v, a, pseudo_temperature) for v in one.recalled for a in two.recalled])
    gaps = [_mean([alignment_gap(s.own, v) for v in s.recalled]) for s in (one, two) if s.align and s.recalled]
    if gaps and intra_weight > 0:
        terms["intra"] = intra_weight / 2 * sum(gaps[1:], gaps[0])
    return terms


def _mean(values: Sequence[Tensor]) -> Tensor:
    return sum(values[1:], values[0]) / len(values)
