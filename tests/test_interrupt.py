"""Ctrl-C during training: the message names the folder, the signal works on, the run continues."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytorch_lightning import LightningModule, Trainer

import avgraph
from avgraph.errors import Interrupted
from avgraph.running.callbacks import EpochBar, History
from tests.experiments import small_experiment

# A shell's background jobs ignore the signal, and so does what they start.
_TRAIN = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from avgraph.cli import main
main(["train", sys.argv[1]])
"""


def stop_at_third_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = History.on_train_epoch_end

    def stopping(self: History, trainer: object, module: LightningModule) -> None:
        inner(self, trainer, module)  # type: ignore[arg-type]
        if module.current_epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(History, "on_train_epoch_end", stopping)


def test_python_gets_an_exception_that_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        stop_at_third_epoch(patch)
        with pytest.raises(Interrupted, match=r"stopped; avgraph resume .*runs/small/.* continues") as stop:
            avgraph.train(small_experiment(tmp_path))
    assert signal.getsignal(signal.SIGINT) is handler
    found = re.search(r"resume (\S+) continues", str(stop.value))
    assert found is not None
    whole = avgraph.train(small_experiment(tmp_path))
    assert avgraph.resume(found[1]).metrics == whole.metrics


def test_command_line_prints_the_command_that_continues(tmp_path: Path) -> None:
    path = small_experiment(tmp_path, **{"epochs: 30": "epochs: 100000"})
    command = [sys.executable, "-c", _TRAIN, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        history = "runs/small/*/metrics.jsonl"
        while time.monotonic() < deadline and process.poll() is None and not list(tmp_path.glob(history)):
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGINT)
        output, error = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        output, error = process.communicate()
    (directory,) = tmp_path.glob("runs/small/*")
    assert (process.returncode, output) == (130, "")
    assert error.strip().splitlines()[-1] == f"stopped; avgraph resume {directory} continues"


def test_a_bar_is_taken_away_after_an_error() -> None:
    class Bar:
        stopped = False

        def stop(self) -> None:
            self.stopped = True

    bar, shown = EpochBar("a", quiet=False), Bar()
    bar.bar = shown
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = Trainer(accelerator="cpu", **quiet)  # type: ignore[arg-type]
    bar.on_exception(trainer, LightningModule(), RuntimeError())
    assert shown.stopped
    assert bar.bar is None
