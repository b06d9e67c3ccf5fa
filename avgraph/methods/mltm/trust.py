"""How much each pair is trusted, where some are wrong: in a batch while training, and of every pair when it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from avgraph.methods.mltm.pairs import UniquePairBatches
from avgraph.nn import partial_sinkhorn
from avgraph.nn.precision import full_precision

_DRAWS = 4  # orders of the pairs; in each a pair meets other ones


def partial_trust(cost: Tensor, epsilon: float, mass: float) -> Float[Tensor, " b"]:
    r"""The share of its mass that row i sends to column i where only ``mass`` of all is moved.

    .. math::
        w_i = b\,\pi_{ii}, \qquad \pi \text{ the partial coupling of the batch}

    A pair whose text lies nearer to another sound, or far from all, has none. Without a gradient.

    Shapes:
        cost [b, b] → [b], from 0 to 1

    Example:
        >>> cost = torch.tensor([[0.1, 1.0, 1.0], [1.0, 1.0, 0.2], [1.0, 0.2, 1.0]])  # rows 1 and 2 are swapped
        >>> partial_trust(cost, 0.05, 0.9).round(decimals=2)
        tensor([1., 0., 0.])
    """
    coupling = partial_sinkhorn(cost.detach(), epsilon, mass, grad="detach")
    return (len(cost) * coupling.plan.diagonal()).clamp(0, 1)


def smallest_losses(losses: Tensor, share: float) -> Float[Tensor, " b"]:
    """1 for the share of the pairs with the smallest loss, at least one, and 0 for the others.

    Example:
        >>> smallest_losses(torch.tensor([0.3, 2.0, 0.1, 0.5]), 0.5)
        tensor([1., 0., 1., 0.])
    """
    kept = losses.detach().topk(max(1, round(share * len(losses))), largest=False).indices
    return torch.zeros_like(losses).index_fill_(0, kept, 1)


def contrast_of_pairs(x: Tensor, y: Tensor, temperature: float) -> Float[Tensor, " b"]:
    """The part of each pair in `avgraph.nn.info_nce`, whose mean is the loss.

    Shapes:
        x, y [b, d] unit rows → [b]

    Example:
        >>> contrast_of_pairs(torch.eye(2), torch.eye(2), 1.0)
        tensor([0.3133, 0.3133])
    """
    with full_precision(x, y) as (x, y):
        similarity = x @ y.T / temperature
        return (similarity.logsumexp(1) + similarity.logsumexp(0)) / 2 - similarity.diagonal()


def trust_of_pairs(
    sound: Tensor, text: Tensor, batch_size: int, seed: int, weights: Callable[[Sequence[int]], Tensor]
) -> Float[Tensor, " n"]:
    """The mean trust of every pair over batches as those of training; NaN of a pair that was in no batch.

    Args:
        sound, text: of each pair; texts that say the same by one number.
        batch_size: most pairs per batch.
        seed: of the batches.
        weights: trust of the pairs of a batch.

    Example:
        >>> trust_of_pairs(torch.arange(3), torch.arange(3), 4, 0, lambda batch: torch.tensor(batch) / 2)
        tensor([0.0000, 0.5000, 1.0000])
    """
    total, count = torch.zeros(len(sound)), torch.zeros(len(sound))
    for draw in range(_DRAWS):
        for batch in UniquePairBatches(sound, text, batch_size, seed, lambda draw=draw: draw):  # type: ignore[misc]
            total[batch] += weights(batch).to(total)
            count[batch] += 1
    return total / count
