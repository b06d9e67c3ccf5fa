"""Whether an answer rests on what an explanation names: masked for real, beside as many drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from avgraph.methods.explanation import ExplainOptions, Faithfulness
from avgraph.metrics.fidelity import fidelity, largest, random_like

Masked = Callable[[Mapping[Any, Tensor]], Tensor]
"""What is taken away, group → mask → probabilities of all answers [c] without it."""


def faithfulness(
    of: str,
    importance: Mapping[Any, Tensor],
    among: Mapping[Any, Tensor],
    answer: int,
    masked: Masked,
    options: ExplainOptions,
    rng: np.random.Generator,
) -> Faithfulness:
    """Fidelity+ and fidelity− of the most important, and of as many of each group drawn at random.

    Args:
        of: what it is called.
        importance: group → numbers [e].
        among: group → which of them may be taken away [e] (bool).
        answer: number of the answer whose probability counts.
        masked: gives the answers without some of them.
        options: ``top`` and ``draws``.
        rng: what is drawn by.

    Example:
        >>> def masked(gone):  # the first speaks for answer 0, the others for nothing
        ...     return torch.tensor([0.2, 0.8]) if gone["a"][0] else torch.tensor([0.9, 0.1])
        >>> found = faithfulness("all", {"a": torch.tensor([1.0, 0, 0])}, {"a": torch.ones(3) > 0}, 0, masked,
        ...                      ExplainOptions(top=1), np.random.default_rng(0))
        >>> round(found.plus, 3), round(found.minus, 3), found.random_plus < found.plus
        (0.7, 0.0, True)
    """
    chosen = largest(importance, among, options.top)
    full = masked({group: torch.zeros_like(mask) for group, mask in among.items()})
    place = torch.tensor(answer, device=full.device)

    def both(picked: Mapping[Any, Tensor]) -> list[float]:
        without = fidelity(full, masked(picked), place)
        alone = fidelity(full, masked({group: among[group] & ~mask for group, mask in picked.items()}), place)
        return [float(value) for value in (*without, *alone)]

    plus, changed, minus, changed_alone = both(chosen)
    drawn = np.mean([both(random_like(chosen, among, rng)) for _ in range(options.draws)], 0).tolist()
    return Faithfulness(
        of=of,
        chosen=sum(int(mask.sum()) for mask in chosen.values()),
        among=sum(int(mask.sum()) for mask in among.values()),
        plus=plus,
        minus=minus,
        random_plus=drawn[0],
        random_minus=drawn[2],
        changed=changed,
        random_changed=drawn[1],
        changed_alone=changed_alone,
        random_changed_alone=drawn[3],
    )
