"""Training pairs of sounds and texts, and batches in which neither a sound nor a text occurs twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Sampler

from avgraph.runtime.settings import epoch_generator


def matching_pairs(label: Tensor, rows: Tensor, text_label: Tensor) -> tuple[Tensor, Tensor]:
    """Each of some sounds with every text of its label, in the order of the sounds.

    Shapes:
        label [n], rows [k] of sounds, text_label [m] → sounds [pairs], texts [pairs]

    Example:
        >>> matching_pairs(torch.tensor([1, 0]), torch.tensor([0, 1]), torch.tensor([1, 0, 1]))
        (tensor([0, 0, 1]), tensor([0, 2, 1]))
    """
    order = text_label.argsort(stable=True)
    own = label[rows]
    first, end = (torch.searchsorted(text_label[order], own, right=right) for right in (False, True))
    count = end - first
    pair = torch.repeat_interleave(count)  # which of the sounds
    within = torch.arange(len(pair)) - (count.cumsum(0) - count)[pair]
    return rows[pair], order[first[pair] + within]


def shuffled_partners(text: Tensor, noise: float, seed: int) -> Tensor:
    """Partners of which a share has been shuffled among its own: the noisy correspondence of the paper (3.3).

    A shuffled sound may by chance keep its text, as there.

    Shapes:
        text [n], the partner of each sound → [n]

    Example:
        >>> text = torch.arange(10)
        >>> noisy = shuffled_partners(text, 0.4, seed=0)
        >>> int((noisy != text).sum()) <= 4, sorted(noisy.tolist()) == text.tolist()
        (True, True)
    """
    rng = np.random.default_rng([seed, 1])
    rows = torch.from_numpy(np.sort(rng.permutation(len(text))[: round(noise * len(text))]))
    partner = text.clone()
    partner[rows] = text[rows[torch.from_numpy(rng.permutation(len(rows)))]]
    return partner


class UniquePairBatches(Sampler[list[int]]):
    """Batches of pairs, each sound and each text at most once: only then is the identity the one matching of a batch.

    Texts that say the same (of one class, of one sound) go by one number. The pairs of a text are shuffled and dealt
    one per round; a round is shuffled, what repeats a sound (shuffled pairs may) goes to a round of its own, and each
    is cut into batches. A function of seed and epoch alone, so that a resumed run sees the batches of an unbroken one.
    Batches of one pair, which have nothing to match, are left out.

    Args:
        sound, text: of each pair [n].
        batch_size: most pairs per batch.
        seed: of all epochs.
        epoch: tells the number of the epoch that begins.

    Example:
        >>> text = torch.tensor([0, 0, 1, 1, 2])
        >>> batches = UniquePairBatches(torch.arange(5), text, batch_size=8, seed=0, epoch=lambda: 0)
        >>> [len(batch) for batch in batches], len(batches)
        ([3, 2], 2)
    """

    def __init__(self, sound: Tensor, text: Tensor, batch_size: int, seed: int, epoch: Callable[[], int]) -> None:
        self.sound, self.text = sound.numpy(), text.numpy()
        self.batch_size, self.seed, self.epoch = batch_size, seed, epoch
        self.sizes = [len(batch) for batch in self._batches(0)]

    def __len__(self) -> int:
        return len(self.sizes)

    def __iter__(self) -> Iterator[list[int]]:
        # A generator: after a resume, Lightning makes the iterator before it sets the epoch, and the first batch after.
        yield from self._batches(self.epoch())

    def _batches(self, epoch: int) -> list[list[int]]:
        rng = epoch_generator(self.seed, epoch)
        order = rng.permutation(len(self.text))
        found = []
        for drawn in _rounds(order, self.text):
            for pairs in _rounds(rng.permutation(drawn), self.sound):
                cuts = range(0, len(pairs), self.batch_size)
                found += [pairs[start : start + self.batch_size].tolist() for start in cuts]
        return [batch for batch in found if len(batch) > 1]


def _rounds(pairs: npt.NDArray[np.int64], value: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """Pairs in their order, the first of every value, then the second of every value, and so on."""
    order = np.argsort(value[pairs], kind="stable")
    count = np.unique(value[pairs], return_counts=True)[1]
    first = np.repeat(np.cumsum(count) - count, count)  # where the pairs of each value begin
    round_of = np.empty(len(pairs), dtype=np.int64)
    round_of[order] = np.arange(len(pairs)) - first
    for number in range(int(count.max(initial=0))):
        yield pairs[round_of == number]
