"""Measures the validation split during training, and nothing else of what is held out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn

from avgraph.config import Experiment
from avgraph.methods.task import Task
from avgraph.runs.folder import read_history
from avgraph.runs.selection import Rule, Selected, rule_of
from avgraph.runtime.ranks import alone, rank, text_of_first
from avgraph.runtime.settings import random_state_kept

_SPLIT = "val"


class Validation(Callback):
    """Measures every few epochs, says whether the weights are the best so far, and stops where patience ends.

    Comes before the history, which writes ``values``, and before what saves the best weights. All that it knows is
    a function of the history: a resumed run chooses and stops as an unbroken one.

    Args:
        experiment: of the run.
        directory: its folder.
    """

    def __init__(self, experiment: Experiment, directory: Path) -> None:
        self.experiment = experiment
        self.directory = directory
        self.values: dict[str, float] = {}
        """Metrics of the epoch that has just ended; none where it is not measured."""
        self.improved = False
        """Whether its weights are the best so far."""
        self.rule: Rule | None = None
        self.history: list[dict[str, Any]] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Refuse before any work what cannot be measured; a run that had stopped does not go on."""
        self.rule = rule_of(self.experiment, list(measured(pl_module)))
        self.history = read_history(self.directory)[: trainer.current_epoch]
        self._stop(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure, where it is due."""
        self.values, self.improved, before = {}, False, self.best
        if (trainer.current_epoch + 1) % self.experiment.train.measure_every == 0:
            self.values = measured(pl_module)
            self.history.append({"epoch": trainer.current_epoch, **self.values})
            self.improved = self.best != before
            self._stop(trainer)

    def _stop(self, trainer: Trainer) -> None:
        if self.rule is not None and self.rule.ends(self.history):
            trainer.should_stop = True

    @property
    def best(self) -> Selected | None:
        """The best epoch so far."""
        return None if self.rule is None else self.rule.best(self.history)


def measured(task: LightningModule) -> dict[str, float]:
    """Metrics of the validation split; weights, modes and random states are left as they are.

    Of several ranks the first measures and tells the others, so that all choose and stop alike to the last digit.

    Raises:
        GraphError: if the method cannot measure one split alone.
    """
    assert isinstance(task, Task)
    told: dict[str, float] = json.loads(text_of_first(json.dumps(_measure(task)) if rank() == 0 else ""))
    return told


@torch.no_grad()
def _measure(task: Task) -> dict[str, float]:
    with alone(), in_evaluation(task), random_state_kept():
        return task.measure(_SPLIT)


@contextmanager
def in_evaluation(module: nn.Module) -> Iterator[None]:
    """Evaluation inside the block; behind it every part is in training that was.

    Example:
        >>> layers = nn.Sequential(nn.Dropout(), nn.Dropout().eval())
        >>> with in_evaluation(layers):
        ...     layers.training
        False
        >>> layers.training, layers[1].training
        (True, False)
    """
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True
