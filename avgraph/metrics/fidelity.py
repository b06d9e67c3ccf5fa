"""Fidelity of an explanation (Amara et al., "GraphFramEx", LoG 2022): what is left of an answer when it is masked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from avgraph.errors import GraphError

K = TypeVar("K", bound=Hashable)


class Fidelity(NamedTuple):
    """How an answer differs once something is masked.

    Attributes:
        drop: probability that the answer has lost; below 0 where it has gained.
        changed: whether another answer is the most probable one.

    Shapes:
        drop, changed [...]
    """

    drop: Tensor
    changed: Tensor


def fidelity(full: Tensor, masked: Tensor, answer: Tensor | None = None) -> Fidelity:
    r"""What a mask takes from answers.

    .. math::
        \mathrm{drop} = f(G)_y - f(G_m)_y, \qquad \mathrm{changed} = [\arg\max f(G_m) \ne \arg\max f(G)]

    With the explanation taken away (:math:`G_m = G \setminus S`) these are fidelity+, of the probability and of the
    prediction: the more, the more the answer needs it. With the explanation alone (:math:`G_m = S`) they are fidelity−:
    the less, the better it does without the rest.

    Args:
        full: probabilities with nothing masked.
        masked: with the mask.
        answer: y; what is most probable in ``full`` if not given.

    Shapes:
        full, masked [..., c], answer [...] → [...] each

    Raises:
        GraphError: if shapes differ.

    Example:
        >>> found = fidelity(torch.tensor([[0.75, 0.25]]), torch.tensor([[0.25, 0.75]]))
        >>> found.drop.tolist(), found.changed.tolist()
        ([0.5], [True])
    """
    if full.shape != masked.shape or (answer is not None and answer.shape != full.shape[:-1]):
        shapes = [list(value.shape) for value in (full, masked, *(() if answer is None else (answer,)))]
        raise GraphError(
            f"fidelity: expected full and masked [..., c], answer [...], got {', '.join(map(str, shapes))}"
        )
    best = full.argmax(-1)
    place = (best if answer is None else answer).unsqueeze(-1)
    return Fidelity((full.gather(-1, place) - masked.gather(-1, place)).squeeze(-1), masked.argmax(-1) != best)


def largest(importance: Mapping[K, Tensor], among: Mapping[K, Tensor], count: int) -> dict[K, Bool[Tensor, " e"]]:
    """The ``count`` most important of all groups together, as a mask of each group; the first of equal ones.

    Args:
        importance: group → numbers [e].
        among: group → which may be chosen [e] (bool).
        count: how many at most.

    Example:
        >>> found = largest({"a": torch.tensor([0.1, 0.9]), "b": torch.tensor([0.5])}, {"a": torch.ones(2) > 0, \
"b": torch.ones(1) > 0}, 2)
        >>> {name: mask.tolist() for name, mask in found.items()}
        {'a': [False, True], 'b': [True]}
    """
    sizes = [len(mask) for mask in among.values()]
    allowed = torch.cat(list(among.values()))
    every = torch.cat([importance[group] for group in among]).masked_fill(~allowed, -torch.inf)
    chosen = torch.zeros_like(allowed)
    chosen[every.argsort(descending=True, stable=True)[: min(count, int(allowed.sum()))]] = True
    return dict(zip(among, chosen.split(sizes), strict=True))


def random_like(
    chosen: Mapping[K, Tensor], among: Mapping[K, Tensor], rng: np.random.Generator
) -> dict[K, Bool[Tensor, " e"]]:
    """As many of each group as are chosen, drawn from all that may be.

    Args:
        chosen: group → mask [e].
        among: group → which may be drawn [e] (bool).
        rng: what they are drawn by.

    Example:
        >>> one = {"a": torch.tensor([True, False, False])}
        >>> int(random_like(one, {"a": torch.tensor([False, True, True])}, np.random.default_rng(0))["a"].sum())
        1
    """
    drawn = {}
    for group, mask in chosen.items():
        pool = among[group].nonzero()[:, 0].cpu().numpy()
        drawn[group] = torch.zeros_like(mask)
        drawn[group][torch.from_numpy(rng.choice(pool, int(mask.sum()), replace=False)).to(mask.device)] = True
    return drawn
