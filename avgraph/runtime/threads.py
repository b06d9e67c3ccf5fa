"""How many threads work outside torch may take."""

from __future__ import annotations

import os
import sys


def usable_threads() -> int:
    """As many as torch takes, where it is loaded; else ``OMP_NUM_THREADS``, else the cores that this process may use.

    Example:
        >>> usable_threads() >= 1
        True
    """
    torch = sys.modules.get("torch")
    if torch is not None:
        return int(torch.get_num_threads())
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
