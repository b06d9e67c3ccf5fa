"""Kill a training that runs in another process."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.forking import ForkServer

_TRAIN_SLOWLY = """
import time, avgraph
from avgraph.runs.callbacks import History
inner = History.on_train_epoch_end
def slow(self, *args):
    inner(self, *args)
    time.sleep(0.05)
History.on_train_epoch_end = slow
avgraph.train({experiment!r})
"""


def killed_run(server: ForkServer, experiment: Path, epoch: int) -> Path:
    """Folder of a run of ``experiment``, killed when metrics.jsonl had reached some epoch, wherever it then was."""
    child = server.start(python=_TRAIN_SLOWLY.format(experiment=str(experiment)))

    def reached() -> bool:
        history = list(experiment.parent.glob("runs/small/*/metrics.jsonl"))
        return bool(history) and history[0].read_text().count("\n") >= epoch

    child.until(reached, seconds=120)
    child.kill(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    (directory,) = experiment.parent.glob("runs/small/*")
    assert not (directory / "metrics.json").exists()
    return directory
