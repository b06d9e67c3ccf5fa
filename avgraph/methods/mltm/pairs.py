"""Batches of training pairs of sounds and texts, in which neither a sound nor a text occurs twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.utils.data import Sampler

from avgraph.runtime.settings import epoch_generator


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
        >>> import torch
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
