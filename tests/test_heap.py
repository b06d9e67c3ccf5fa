"""Freed memory is handed out again inside the block and goes back to the system after it."""

import platform
import resource
from pathlib import Path

import pytest
import torch

from avgraph.heap import freed_memory_kept

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")

COUNT, NUMBERS = 16, 5_000_000  # sixteen arrays of 20 MB


def fill() -> None:
    """Write to all arrays, then free them."""
    arrays = [torch.ones(NUMBERS) for _ in range(COUNT)]
    assert float(arrays[-1][-1]) == 1.0


def faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * resource.getpagesize()


def test_the_second_round_asks_the_system_for_next_to_nothing() -> None:
    with freed_memory_kept():
        before = resident_bytes()
        fill()
        first = faults()
        fill()
        second = faults()
        assert second - first < COUNT * NUMBERS * 4 / resource.getpagesize() / 8
        assert resident_bytes() - before > COUNT * NUMBERS * 4 / 2
    assert resident_bytes() - before < COUNT * NUMBERS * 4 / 4
