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
from avgraph.errors import DataError, GraphError, Interrupted, reason_of
from avgraph.io.reading import check_regular
from avgraph.io.torch_file import load_tensors
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
from avgraph.runs.distributed.placement import trainer_place
from avgraph.runs.folder import CHECKPOINT
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


# What Lightning reads back, and its types.
_CHECKPOINT_KEYS = {
    "state_dict": dict,
    "epoch": int,
    "global_step": int,
    "pytorch-lightning_version": str,
    "loops": dict,
    "optimizer_states": list,
    "lr_schedulers": list,
}


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
            **trainer_place(options, device),
            precision=options.precision,
            callbacks=[
                StepSeed(experiment.seed),
                OwnSignals(),
                *([History(directory)] if rank() == 0 else []),
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
            load_checkpoint(checkpoint)  # Lightning's words for a damaged one help nobody
        if options.precision == "64-true":
            task.double()  # Lightning does it after it has loaded a checkpoint, whose digits would be cut to float32's
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
    state = load_checkpoint(path)["state_dict"]
    try:
        task.restore(state)
    except (RuntimeError, LookupError, GraphError) as error:
        raise DataError(f"{path}: not a checkpoint of this run: {reason_of(error)}") from None


def load_checkpoint(path: Path) -> dict[str, Any]:
    """What a checkpoint of Lightning's holds, without unpickling any class.

    Raises:
        DataError: if the file is missing, damaged, or lacks what Lightning reads back.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file; the run has not finished (avgraph resume continues it)")
    check_regular(path)
    try:
        content: Any = load_tensors(path)
        _check_checkpoint(content)
    except Exception as error:  # torch.load raises many types for a damaged file
        reason = reason_of(error)
        message = f"{path}: not a checkpoint of this run: {reason}; without the file, training starts anew"
        raise DataError(message) from None
    whole: dict[str, Any] = content
    return whole


def _check_checkpoint(content: Any) -> None:
    """Refuse what Lightning did not write: it would fail on it in the words of its own code."""
    if not isinstance(content, dict):
        raise ValueError(f"expected a dictionary, got {type(content).__name__}")
    for key, kind in _CHECKPOINT_KEYS.items():
        if not isinstance(content.get(key), kind):
            told = "is missing" if key not in content else f"is no {kind.__name__}"
            raise ValueError(f"{key!r} {told}")
    if not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content["state_dict"].items()
    ):
        raise ValueError("'state_dict' holds more than named tensors")
    for state in content["optimizer_states"]:
        if not isinstance(state, dict) or not {"state", "param_groups"} <= state.keys():
            raise ValueError("'optimizer_states' holds no state of an optimizer")
