"""Fit a bound task, from the start or from its last checkpoint."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Mapping
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
from avgraph.options.base import VALIDATION
from avgraph.runs.callbacks import (
    Checkpoints,
    EpochProgress,
    History,
    StepSeed,
    WholeCheckpoints,
    save_checkpoint,
)
from avgraph.runs.folder import BEST, CHECKPOINT, read_history
from avgraph.runs.loggers import Loggers
from avgraph.runs.selection import Selected, rule_of
from avgraph.runs.validation import Validation
from avgraph.runtime.settings import freed_memory_kept

# Lightning's advice is about data loading and logging, neither of which a full-graph step has.
_ADVICE = (
    ".*does not have many workers.*",
    ".*number of training batches.*",
    ".*LeafSpec.*",
    ".*GPU available but not used.*",
)


# What Lightning reads back, and its types; of the best weights, the first two.
_WEIGHTS_KEYS = {"state_dict": dict, "epoch": int}
_CHECKPOINT_KEYS = {
    **_WEIGHTS_KEYS,
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


def fit(
    task: Task, experiment: Experiment, directory: Path, *, device: str, quiet: bool, loggers: Loggers | None = None
) -> Selected | None:
    """Train to the declared number of epochs; continue from ``checkpoints/last.ckpt`` where there is one.

    To be called within `run_settings`. Where the best epoch is kept, the task ends with its weights.

    Returns:
        That epoch; None where the weights are those of the last one.

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
            accelerator="gpu" if device.startswith("cuda") else "cpu",
            devices=[int(device.partition(":")[2])] if device.startswith("cuda") else 1,
            precision=options.precision,
            callbacks=[
                StepSeed(experiment.seed),
                *([] if validation is None else [validation]),
                History(directory, loggers or Loggers(experiment, directory), validation),
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
        with freed_memory_kept():
            try:
                trainer.fit(task, ckpt_path=checkpoint if checkpoint.is_file() else None, weights_only=True)
            except SIGTERMException:  # Lightning's own answer, where the program around has a handler of its own
                raise Interrupted("stopped", signal.SIGTERM) from None
        if not checkpoint.is_file():  # no epoch was asked for: the run is what the method starts with
            save_checkpoint(trainer, checkpoint)
        if best is None or not options.epochs:
            return None
        return _take_best(task, experiment, directory)


def _take_best(task: Task, experiment: Experiment, directory: Path) -> Selected:
    """Put the weights of the best epoch into a task that was trained.

    Raises:
        DataError: if no epoch was measured as a number, or the weights on the disk are of another one.
    """
    history, path = read_history(directory), directory / BEST
    names = [name for record in history for name in record if name.startswith(VALIDATION)]
    rule = rule_of(experiment, list(dict.fromkeys(names)))
    found = None if rule is None else rule.best(history)
    if found is None:
        raise DataError(f"{directory}: no epoch can be chosen: what train.monitor names was never a number")
    content = load_checkpoint(path, _WEIGHTS_KEYS)
    if content["epoch"] != found.epoch:
        told = f"expected the weights of epoch {found.epoch}, the best one, got those of {content['epoch']}"
        raise DataError(f"{path}: {told}; without the folder {path.parent}, training starts anew")
    task.load_state_dict(content["state_dict"])
    return found


def load_weights(task: Task, directory: Path) -> None:
    """Put the weights that a run has ended with into a bound task: the best ones where they are kept, else the last.

    Raises:
        DataError: if there is no checkpoint, or it belongs to another model.
    """
    best = task.train_options.keep == "best" and task.train_options.epochs > 0
    path, keys = (BEST, _WEIGHTS_KEYS) if best else (CHECKPOINT, _CHECKPOINT_KEYS)
    path = directory / path
    state = load_checkpoint(path, keys)["state_dict"]
    try:
        task.restore(state)
    except (RuntimeError, LookupError, GraphError) as error:
        raise DataError(f"{path}: not a checkpoint of this run: {reason_of(error)}") from None


def load_checkpoint(path: Path, keys: Mapping[str, type] = _CHECKPOINT_KEYS) -> dict[str, Any]:
    """What a checkpoint of Lightning's holds, without unpickling any class.

    Args:
        path: of the file.
        keys: what it must hold, and its types.

    Raises:
        DataError: if the file is missing, damaged, or lacks what Lightning reads back.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file; the run has not finished (avgraph resume continues it)")
    check_regular(path)
    try:
        content: Any = load_tensors(path)
        _check_checkpoint(content, keys)
    except Exception as error:  # torch.load raises many types for a damaged file
        reason = reason_of(error)
        message = f"{path}: not a checkpoint of this run: {reason}; without the file, training starts anew"
        raise DataError(message) from None
    whole: dict[str, Any] = content
    return whole


def _check_checkpoint(content: Any, keys: Mapping[str, type]) -> None:
    """Refuse what Lightning did not write: it would fail on it in the words of its own code."""
    if not isinstance(content, dict):
        raise ValueError(f"expected a dictionary, got {type(content).__name__}")
    for key, kind in keys.items():
        if not isinstance(content.get(key), kind):
            told = "is missing" if key not in content else f"is no {kind.__name__}"
            raise ValueError(f"{key!r} {told}")
    if not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content["state_dict"].items()
    ):
        raise ValueError("'state_dict' holds more than named tensors")
    for state in content.get("optimizer_states", ()):
        if not isinstance(state, dict) or not {"state", "param_groups"} <= state.keys():
            raise ValueError("'optimizer_states' holds no state of an optimizer")
