"""What a run sets in its process and puts back when it ends: seeds, threads, determinism, memory that stays with it."""

from __future__ import annotations

import ctypes
import logging
import os
import platform
import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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


def own_seed(seed: int, *part: int) -> int:
    """A seed of its own for one part of what ``seed`` decides: no two parts, nor the parts of two seeds, share one.

    (The part'th network of seed s by s + part would be the next one of seed s - 1.)

    Example:
        >>> len({own_seed(seed, part) for seed in range(3) for part in range(3)})
        9
    """
    return int(np.random.SeedSequence([seed, *part]).generate_state(1)[0])


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
    limits = nullcontext() if threads is None else threadpool_limits(limits=threads, user_api="blas")
    with random_state_kept(), deterministic(), limits:
        try:
            lightning.setLevel(logging.ERROR)
            if threads is not None:
                torch.set_num_threads(threads)
            yield
        finally:
            torch.set_num_threads(count)
            lightning.setLevel(level)


# The numbers of glibc's malloc.h, and the largest that its own adjustment would come to on 64 bits.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_LARGEST_MMAP_THRESHOLD = 32 << 20


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Hand freed arrays out again inside the block, and back to the system after it; glibc only, else nothing.

    A training step frees some hundred arrays of megabytes and asks for as many a moment later. By default glibc
    returns each to Linux, which then writes zeros to every page before it lends it anew: the CNN of
    `avgraph.encoders` trained 10 to 20 % faster without on two cores. The numbers are the same.

    One thing stays for the life of the process. glibc adjusts its thresholds to what a program frees until one of them
    is set, and then never again: it has no call to switch that on, nor one to read the values. After the block they
    stand at the largest that it would have come to by itself (blocks below 32 MiB from the heap, 64 MiB of it kept
    free at most), the padding at its default. Hence for a loop of training, entered once and not within itself, and
    for nothing that a program calls in passing.

    Example:
        >>> with freed_memory_kept():
        ...     sum(range(4))
        6
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    libc.mallopt(_TRIM_THRESHOLD, 1 << 30)
    libc.mallopt(_TOP_PAD, 256 << 20)
    try:
        yield
    finally:
        libc.mallopt(_TRIM_THRESHOLD, 2 * _LARGEST_MMAP_THRESHOLD)
        libc.mallopt(_TOP_PAD, 128 << 10)
        libc.malloc_trim(0)
