"""What a run changes in its process, and changes back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import scipy.linalg  # noqa: F401  (its BLAS must be loaded before its threads can be set)
import torch
from threadpoolctl import threadpool_limits

from avgraph.random_state import random_state_kept
from avgraph.running.deterministic import deterministic


@contextmanager
def run_settings(threads: int | None) -> Iterator[None]:
    """Deterministic algorithms, ``threads`` (None leaves them), a quiet Lightning, random states kept.

    PyTorch and the BLAS of NumPy and SciPy split their sums by the number of threads: each gets ``threads`` of them,
    also where the machine has fewer cores or ``OMP_NUM_THREADS`` says otherwise.

    Example:
        >>> before = torch.get_num_threads()
        >>> with run_settings(before + 1):
        ...     torch.get_num_threads() - before
        1
        >>> torch.get_num_threads() - before
        0
    """
    lightning = logging.getLogger("pytorch_lightning")
    level, count = lightning.level, torch.get_num_threads()
    with random_state_kept(), deterministic(), threadpool_limits(threads, user_api="blas"):
        try:
            lightning.setLevel(logging.ERROR)
            if threads is not None:
                torch.set_num_threads(threads)
            yield
        finally:
            torch.set_num_threads(count)
            lightning.setLevel(level)
