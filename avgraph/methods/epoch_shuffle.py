"""A shuffle that is a function of seed and epoch, so that a resumed run sees the batches of an unbroken one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch.utils.data import Sampler

from avgraph.runtime.settings import epoch_generator


class EpochShuffle(Sampler[int]):
    """A permutation of 0 … size−1, another one each epoch.

    Args:
        size: how many there are.
        seed: of all epochs.
        epoch: tells the number of the epoch that begins.

    Example:
        >>> epoch = 0
        >>> shuffle = EpochShuffle(5, seed=1, epoch=lambda: epoch)
        >>> sorted(shuffle), list(shuffle) == list(shuffle)
        ([0, 1, 2, 3, 4], True)
    """

    def __init__(self, size: int, seed: int, epoch: Callable[[], int]) -> None:
        self.size, self.seed, self.epoch = size, seed, epoch

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        order: list[int] = epoch_generator(self.seed, self.epoch()).permutation(self.size).tolist()
        return iter(order)
