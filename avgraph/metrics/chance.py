"""Mean average precision of a ranking by chance: what retrieval has to beat to have learned anything."""

from __future__ import annotations

import torch
from torch import Tensor


def chance_average_precision(query_label: Tensor, gallery_label: Tensor) -> float | None:
    r"""Expected `mean_average_precision` of random rankings; None where no query has an item of its class.

    With R relevant of g items and the harmonic number H_g (Bestgen 2015),

    .. math::
        \mathbb{E}[\mathrm{AP}] = \frac1g \Bigl(\frac{R - 1}{g - 1} (g - H_g) + H_g\Bigr)

    Shapes:
        query_label [q], gallery_label [g]

    Example:
        >>> chance_average_precision(torch.tensor([0]), torch.tensor([0, 1]))  # first or second of two: 1 or 1/2
        0.75
    """
    g = len(gallery_label)
    label, place = query_label.unique(return_inverse=True)
    relevant = (gallery_label[:, None] == label).sum(0)[place].double()
    relevant = relevant[relevant > 0]
    if not len(relevant):
        return None
    harmonic = float((1 / torch.arange(1, g + 1, dtype=torch.float64)).sum())
    average = ((relevant - 1) / max(1, g - 1) * (g - harmonic) + harmonic) / g
    return float(average.mean())
