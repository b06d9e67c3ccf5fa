"""Fit a bound task, from the start or from its last checkpoint."""

from __future__ import annotations

import signal
import warnings
from pathlib import Path

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.utilities.exceptions import SIGTERMException

from avgraph.config import Experiment
from avgraph.errors import DataError, Interrupted
from avgraph.methods.task import Task
from avgraph.runs.callbacks import (
    Checkpoints,
    EpochProgress,
    History,
    OwnSignals,
    StepSeed,
    WholeCheckpoints,
    save_checkpoint,
)
from avgraph.runs.checkpoints import WEIGHTS_KEYS, load_checkpoint
from avgraph.runs.distributed.placement import trainer_place
from avgraph.runs.folder import BEST, CHECKPOINT, read_history
from avgraph.runs.loggers import Loggers
from avgraph.runs.selection import Selected, best_of
from avgraph.runs.validation import Validation
from avgraph.runtime.ranks import rank
from avgraph.runtime.settings import freed_memory_kept

# Lightning's advice is about data loading and logging, neither of which a full-graph step has.
_ADVICE = (
    ".*does not have many workers.*",
    ".*number of training batches.*",
    ".*LeafSpec.*",
    ".*GPU available but not used.*",
    ".*sync_dist=True.*",  # every rank logs the loss of the whole batch
)


def pick_device(wanted: str) -> str:
    """``auto`` → ``cuda`` where there is one, else ``cpu``; anything else as declared.

    Raises:
        DataError: if it is no device, or one that this machine lacks.

    Example:
        >>> pick_device("cpu")
        'cpu'
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return "cuda:0" if count else "cpu"
    if wanted == "cpu":
        return "cpu"
    kind, _, text = wanted.partition(":")
    if kind != "cuda" or not (text or "0").isdecimal():
        raise DataError(f"train.device: expected auto, cpu, cuda or cuda:N, got '{wanted}'")
    number = int(text or 0)
    if number >= count:
        raise DataError(f"train.device: '{wanted}' is not on this machine ({count} CUDA devices); use cpu or auto")
    return f"cuda:{number}"


def fit(
    task: Task, experiment: Experiment, directory: Path, *, device: str, quiet: bool, loggers: Loggers | None = None
) -> None:
    """Train to the declared number of epochs; continue from ``checkpoints/last.ckpt`` where there is one.

    To be called within `run_settings`. The task ends with the weights of the last epoch; `take_best` has others.

    Raises:
        DataError: if what is to be measured or to choose is not there.
    """
    options = experiment.train
    checkpoint = directory / CHECKPOINT
    validation = Validation(experiment, directory) if options.measure_every else None
    best = validation if options.keep == "best" else None
    with warnings.catch_warnings():
        for message in _ADVICE:
            warnings.filterwarnings("ignore", message)
        trainer = Trainer(
            max_epochs=options.epochs,
            **trainer_place(options, device),
            precision=options.precision,
            callbacks=[
                StepSeed(experiment.seed),
                OwnSignals(),
                *([] if validation is None else [validation]),
                *([History(directory, loggers or Loggers(experiment, directory), validation)] if rank() == 0 else []),
                Checkpoints(directory, options.checkpoint_every, best),
                EpochProgress(f"{experiment.name}: {experiment.method.type}", quiet=quiet),
            ],
            plugins=[WholeCheckpoints()],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            default_root_dir=directory,
        )
        if checkpoint.is_file():
            load_checkpoint(checkpoint)  # Lightning's words for a damaged one help nobody
        if options.precision == "64-true":
            task.double()  # Lightning does it after it has loaded a checkpoint, whose digits would be cut to float32's
        with freed_memory_kept():
            try:
                trainer.fit(task, ckpt_path=checkpoint if checkpoint.is_file() else None, weights_only=True)
            except SIGTERMException:  # Lightning's own answer, where the program around has a handler of its own
                raise Interrupted("stopped", signal.SIGTERM) from None
        if not checkpoint.is_file():  # no epoch was asked for: the run is what the method starts with
            save_checkpoint(trainer, checkpoint)


def take_best(task: Task, experiment: Experiment, directory: Path) -> Selected | None:
    """Put the weights of the best epoch into a task that was trained, where they are kept.

    Returns:
        That epoch; None where the weights are those of the last one.

    Raises:
        DataError: if no epoch was measured as a number, or the weights on the disk are of another one.
    """
    if experiment.train.keep != "best" or not experiment.train.epochs:
        return None
    found, path = best_of(experiment, read_history(directory)), directory / BEST
    if found is None:
        raise DataError(f"{directory}: no epoch can be chosen: what train.monitor names was never a number")
    content = load_checkpoint(path, WEIGHTS_KEYS)
    if content["epoch"] != found.epoch:
        told = f"expected the weights of epoch {found.epoch}, the best one, got those of {content['epoch']}"
        raise DataError(f"{path}: {told}; without the folder {path.parent}, training starts anew")
    task.load_state_dict(content["state_dict"])
    return found
