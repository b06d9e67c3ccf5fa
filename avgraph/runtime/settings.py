"""Seeds, threads and determinism of a run, put back as they were when it ends."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.linalg  # noqa: F401  (its BLAS must be loaded before its threads can be set)
import torch
import torch.utils.deterministic
from threadpoolctl import threadpool_limits


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


@contextmanager
def deterministic() -> Iterator[None]:
    """Prefer deterministic algorithms inside the block; an operation that has none warns and runs.

    Without it the gradient of ``x[index]`` is summed atomically: with two threads already, in an order of its own in
    every run, and the same seed gives other numbers.

    Example:
        >>> with deterministic():
        ...     torch.are_deterministic_algorithms_enabled()
        True
        >>> torch.are_deterministic_algorithms_enabled()
        False
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # asked for by cuBLAS
    enabled = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    settings: Any = torch.utils.deterministic  # its attribute is a property of the module, which has no type
    fill = settings.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings.fill_uninitialized_memory = False  # for debugging; as dear as the sums themselves
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        settings.fill_uninitialized_memory = fill


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
