"""Draws that leave no trace in PyTorch's random state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def random_state_kept(device: torch.device | str) -> Iterator[None]:
    """Put the random state of the CPU, and of ``device`` if it is a GPU, back after the block.

    Example:
        >>> with random_state_kept("cpu"):
        ...     first = torch.rand(2)
        >>> bool((first == torch.rand(2)).all())
        True
    """
    device = torch.device(device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
