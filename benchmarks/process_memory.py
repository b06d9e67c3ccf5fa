"""Resident memory of a process and its peak (Linux), and work in a process whose memory is nobody else's."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

Found = TypeVar("Found")


def resident(key: str) -> float:
    """MB of ``VmRSS``, what is held, or ``VmHWM``, the most that was."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(key))


def forget_the_peak() -> float:
    """MB that are held after the set-up, whose peak no longer counts."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident("VmRSS")


def in_a_process(work: Callable[..., Found], *given: object) -> Found:
    """Work in a process forked from one that has imported RR-Net; one that is killed for its memory is an error."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["avgraph.methods.rrnet.task"])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *given).result()


def spawned(work: Callable[..., float], *given: object) -> float:
    """The number that work finds in a fresh process; NaN where it fails: systems other than Linux do not tell."""
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[float] = context.Queue()
    process = context.Process(target=_put, args=(queue, work, given))
    process.start()
    process.join()
    return queue.get() if process.exitcode == 0 else math.nan


def _put(queue: multiprocessing.Queue[float], work: Callable[..., float], given: tuple[Any, ...]) -> None:
    queue.put(work(*given))
