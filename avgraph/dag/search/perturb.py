"""A nearby ordering to begin anew from (iterated local search, as in Wienöbst et al., "FLOP", 2025)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int


def perturbed(
    order: Int[np.ndarray, " p"], required: Bool[np.ndarray, "p p"], rng: np.random.Generator
) -> Int[np.ndarray, " p"]:
    """Exchange ⌈log p⌉ random pairs; one that would put a child before a required parent stays where it is.

    Example:
        >>> perturbed(np.arange(4), np.zeros((4, 4), dtype=bool), np.random.default_rng(0)).tolist()
        [1, 0, 3, 2]
    """
    p = len(order)
    result = order.copy()
    if p < 2:
        return result
    for _ in range(int(np.ceil(np.log(p)))):
        low, high = sorted(rng.choice(p, 2, replace=False))
        between = result[low : high + 1]
        first, last = between[0], between[-1]
        if not (required[first, between].any() or required[between, last].any()):
            result[low], result[high] = last, first
    return result
