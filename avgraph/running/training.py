"""Fit a bound task, from the start or from its last checkpoint."""

from __future__ import annotations

import signal
import warnings
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.utilities.exceptions import SIGTERMException

from avgraph.config import Experiment
from avgraph.errors import DataError, Interrupted, reason_of
from avgraph.heap import freed_memory_kept
from avgraph.methods.task import Task
from avgraph.running.callbacks import (
    Checkpoints,
    EpochProgress,
    History,
    StepSeed,
    WholeCheckpoints,
    save_checkpoint,
)
from avgraph.running.directory import CHECKPOINT

# Lightning's advice is about data loading and logging, neither of which a full-graph step has.
_ADVICE = (
    ".*does not have many workers.*",
    ".*number of training batches.*",
    ".*LeafSpec.*",
    ".*GPU available but not used.*",
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


def fit(task: Task, experiment: Experiment, directory: Path, *, device: str, quiet: bool) -> None:
    """Train to the declared number of epochs; continue from ``checkpoints/last.ckpt`` where there is one.

    To be called within `run_settings`.
    """
    options = experiment.train
    checkpoint = directory / CHECKPOINT
    with warnings.catch_warnings():
        for message in _ADVICE:
            warnings.filterwarnings("ignore", message)
        trainer = Trainer(
            max_epochs=options.epochs,
            accelerator="gpu" if device.startswith("cuda") else "cpu",
            devices=[int(device.partition(":")[2])] if device.startswith("cuda") else 1,
            precision=options.precision,
            callbacks=[
                StepSeed(experiment.seed),
                History(directory),
                Checkpoints(directory, options.checkpoint_every),
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
            _read(checkpoint)  # Lightning's words for a damaged one help nobody
        with freed_memory_kept():
            try:
                trainer.fit(task, ckpt_path=checkpoint if checkpoint.is_file() else None, weights_only=True)
            except SIGTERMException:  # Lightning's own answer, where the program around has a handler of its own
                raise Interrupted("stopped", signal.SIGTERM) from None
        if not checkpoint.is_file():  # no epoch was asked for: the run is what the method starts with
            save_checkpoint(trainer, directory)


def load_weights(task: Task, directory: Path) -> None:
    """Put the weights of the last checkpoint into a bound task.

    Raises:
        DataError: if there is no checkpoint, or it belongs to another model.
    """
    path = directory / CHECKPOINT
    state = _read(path)["state_dict"]
    try:
        task.load_state_dict(state)
    except RuntimeError as error:
        raise DataError(f"{path}: not a checkpoint of this run: {str(error).splitlines()[0]}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        content["state_dict"]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; the run has not finished (avgraph resume continues it)") from None
    except Exception as error:  # torch.load raises many types for a damaged file
        reason = reason_of(error)
        message = f"{path}: not a checkpoint of this run: {reason}; without the file, training starts anew"
        raise DataError(message) from None
    return content
