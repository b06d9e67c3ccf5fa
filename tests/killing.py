"""Kill a training that runs in another process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_TRAIN_SLOWLY = """
import sys, time, avgraph
from avgraph.runs.callbacks import History
inner = History.on_train_epoch_end
def slow(self, *args):
    inner(self, *args)
    time.sleep(0.05)
History.on_train_epoch_end = slow
avgraph.train(sys.argv[1])
"""


def killed_run(experiment: Path, epoch: int) -> Path:
    """Folder of a run of ``experiment``, killed when metrics.jsonl had reached some epoch, wherever it then was."""
    root = Path(__file__).parents[1]
    process = subprocess.Popen([sys.executable, "-c", _TRAIN_SLOWLY, str(experiment)], cwd=root)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            history = list(experiment.parent.glob("runs/small/*/metrics.jsonl"))
            if history and history[0].read_text().count("\n") >= epoch:
                break
            time.sleep(0.005)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    (directory,) = experiment.parent.glob("runs/small/*")
    assert not (directory / "metrics.json").exists()
    return directory
