"""Draws that leave no trace in the random states of Python, numpy and PyTorch, and that a resumed run repeats."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Put the random states back after the block: of `random`, numpy, PyTorch on the CPU and on every GPU in use.

    ``torch.manual_seed`` seeds all GPUs, whichever the block computes on.

    Example:
        >>> with random_state_kept():
        ...     first = torch.rand(2)
        >>> bool((first == torch.rand(2)).all())
        True
    """
    python, legacy = random.getstate(), np.random.get_state()
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    try:
        with torch.random.fork_rng(devices=gpus):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)


def epoch_generator(seed: int, epoch: int) -> np.random.Generator:
    """What one epoch draws from: a function of seed and epoch, so that a resumed run sees what an unbroken one does.

    Example:
        >>> epoch_generator(1, 4).permutation(5).tolist() == epoch_generator(1, 4).permutation(5).tolist()
        True
    """
    return np.random.default_rng([seed, epoch])
