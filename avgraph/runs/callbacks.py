"""Lightning callbacks of a run: reproducible steps, whole checkpoints, one line of metrics per epoch, progress."""

from __future__ import annotations

import json
import random
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.plugins.io import TorchCheckpointIO

from avgraph.io.files import append_line, atomic_path, sync
from avgraph.io.writing import save_tensors
from avgraph.runs.folder import BEST, CHECKPOINT, HISTORY, read_history, write_text
from avgraph.runs.loggers import Loggers
from avgraph.runs.validation import Validation
from avgraph.runtime.progress import Advance, counted
from avgraph.runtime.settings import own_seed


class StepSeed(Callback):
    """Give every step its own seed, so that a resumed run draws what an unbroken one would have drawn.

    The random state is a function of the run's seed, the epoch and the batch, and need not be saved. What a data
    loader draws between two epochs comes from the seed set at the end of the one before. (Lightning leaves out
    ``on_train_epoch_start`` for the first epoch after a checkpoint, so nothing may hang on that hook.)
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def _set(self, trainer: Trainer, epoch: int, step: int) -> None:
        number = own_seed(self.seed, epoch, step)
        random.seed(number)
        np.random.seed(number)
        if trainer.strategy.root_device.type == "cpu":
            torch.default_generator.manual_seed(number)  # the other notes the stack for every kind of GPU: milliseconds
        else:
            torch.manual_seed(number)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """As at the end of the epoch before."""
        self._set(trainer, trainer.current_epoch, 0)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """The draws of a step: dropout and the like."""
        self._set(trainer, trainer.current_epoch, batch_idx + 1)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The draws between this epoch and the next."""
        self._set(trainer, trainer.current_epoch + 1, 0)


class History(Callback):
    """Append one JSON line per epoch to ``metrics.jsonl``; a resumed run drops the lines it is about to repeat.

    Args:
        directory: of the run.
        loggers: where the lines go too.
        validation: what is measured during training, if anything.
    """

    def __init__(self, directory: Path, loggers: Loggers, validation: Validation | None = None) -> None:
        self.path = directory / HISTORY
        self.loggers = loggers
        self.validation = validation

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the lines of the epochs that the checkpoint has."""
        records = read_history(self.path.parent)  # refused before any work where it is damaged
        self.loggers.remember(len(records))
        write_text(self.path, "".join(f"{json.dumps(record)}\n" for record in records[: trainer.current_epoch]))
        self.loggers.begin(trainer.current_epoch)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Forget the numbers of the epoch before: Lightning would repeat those that this one does not log."""
        if batch_idx == 0:
            trainer.logged_metrics.clear()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the epoch's numbers."""
        # By name: Lightning has them in the order in which they first came, which a resumed run has not seen.
        values = {name: float(value) for name, value in sorted(trainer.logged_metrics.items())}
        record: dict[str, Any] = {
            "epoch": trainer.current_epoch,
            **values,
            **({} if self.validation is None else self.validation.values),
            "lr": trainer.optimizers[0].param_groups[0]["lr"],
        }
        self.loggers.epoch(record)  # first: of what has a line here every logger knows
        append_line(self.path, json.dumps(record))


class OwnSignals(Callback):
    """Keep the answer to SIGTERM that was there: Lightning's sends the other ranks a message that none waits for."""

    def __init__(self) -> None:
        self.before = signal.getsignal(signal.SIGTERM)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put it back, where there are other ranks."""
        if trainer.world_size > 1 and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.before)


class Checkpoints(Callback):
    """Save weights, optimizer and schedule every few epochs and at the end; with the best weights, where they are kept.

    ``last.ckpt`` follows ``best.ckpt`` at once, so that the best weights are of an epoch that a resumed run does not
    repeat. Killed between the two it repeats that epoch, and writes them again.

    Args:
        directory: of the run.
        every: epochs between two.
        best: what says which weights are the best, where these are kept.
    """

    def __init__(self, directory: Path, every: int, best: Validation | None = None) -> None:
        self.directory = directory
        self.every = every
        self.best = best

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save where it is due."""
        done, improved = trainer.current_epoch + 1, self.best is not None and self.best.improved
        if improved or done % self.every == 0 or done == trainer.max_epochs or trainer.should_stop:
            if trainer.is_global_zero:
                sync(self.directory / HISTORY)  # which must not be behind the checkpoint after a power cut
            if improved:
                save_checkpoint(trainer, self.directory / BEST, weights_only=True)
            save_checkpoint(trainer, self.directory / CHECKPOINT)


def save_checkpoint(trainer: Trainer, path: Path, *, weights_only: bool = False) -> None:
    """Write a checkpoint, whole or not at all (see `WholeCheckpoints`)."""
    path.parent.mkdir(exist_ok=True)
    trainer.save_checkpoint(path, weights_only=weights_only)


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints written whole or not at all; Lightning's own go through the folder of temporary files."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write one."""
        with atomic_path(path) as temporary:
            save_tensors(checkpoint, temporary)


class EpochProgress(Callback):
    """Reports the epochs with the loss and the time left."""

    def __init__(self, title: str, *, quiet: bool) -> None:
        self.title = title
        self.quiet = quiet
        self.shown = ExitStack()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begin with the epochs that the checkpoint has."""
        assert trainer.max_epochs is not None
        report = counted(trainer.max_epochs, self.title, done=trainer.current_epoch, quiet=self.quiet)
        self.advance: Advance = self.shown.enter_context(report)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """One epoch further."""
        loss = trainer.logged_metrics.get("train/loss")
        self.advance(loss=None if loss is None else float(loss))

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Take the bar away."""
        self.shown.close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Take it away after an error too: Lightning then leaves out ``teardown``."""
        self.shown.close()
