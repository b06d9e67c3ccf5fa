"""What a run changes in its process, and changes back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from avgraph.random_state import random_state_kept
from avgraph.running.deterministic import deterministic


@contextmanager
def run_settings(threads: int | None) -> Iterator[None]:
    """Deterministic algorithms, ``threads`` of PyTorch (None leaves them), a quiet Lightning, random states kept.

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
    with random_state_kept(), deterministic():
        try:
            lightning.setLevel(logging.ERROR)
            if threads is not None:
                torch.set_num_threads(threads)
            yield
        finally:
            torch.set_num_threads(count)
            lightning.setLevel(level)
