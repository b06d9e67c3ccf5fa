from __future__ import annotations

import subprocess
import sys


def test_heavy_libraries_are_loaded_by_who_needs_them() -> None:
    code = (
        "import sys, avgraph.dag; "
        "print(*[m for m in ('torch', 'numba', 'matplotlib', 'causallearn', 'pandas', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
