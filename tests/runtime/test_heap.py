"""Freed memory is handed out again inside the block and goes back to the system after it."""

import json
import platform
import subprocess
import sys
from itertools import pairwise

import pytest

# In a process of its own: what another test has left of the heap would decide.
_SCRIPT = """
import json, resource
from pathlib import Path
import torch
from avgraph.runtime.settings import freed_memory_kept

def fill():
    arrays = [torch.ones(5_000_000) for _ in range(16)]  # sixteen arrays of 20 MB, freed on return

def measured():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt, pages

readings = [measured()]
with freed_memory_kept():
    for _ in range(6):
        fill()
        readings.append(measured())
print(json.dumps([*readings, measured()]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
@pytest.mark.slow
def test_later_rounds_ask_the_system_for_next_to_nothing() -> None:
    output = subprocess.run([sys.executable, "-c", _SCRIPT], check=True, capture_output=True, text=True).stdout
    (faults, pages), *rounds, (_, pages_after) = json.loads(output)
    of_a_round = rounds[0][0] - faults
    # The least of five: other processes and the kernel add some of their own now and then.
    later = min(two[0] - one[0] for one, two in pairwise(rounds))
    assert later < of_a_round / 8
    assert rounds[-1][1] - pages > of_a_round / 2
    assert pages_after - pages < of_a_round / 4
