"""Checkpoints of a run, read without unpickling any class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from avgraph.errors import DataError, GraphError, reason_of
from avgraph.io.reading import check_regular
from avgraph.io.torch_file import load_tensors
from avgraph.methods.task import Task
from avgraph.runs.folder import BEST, CHECKPOINT

# What Lightning reads back, and its types; of the best weights the first two.
WEIGHTS_KEYS = {"state_dict": dict, "epoch": int}
_CHECKPOINT_KEYS = {
    **WEIGHTS_KEYS,
    "global_step": int,
    "pytorch-lightning_version": str,
    "loops": dict,
    "optimizer_states": list,
    "lr_schedulers": list,
}


def load_weights(task: Task, directory: Path) -> None:
    """Put the weights that a run has ended with into a bound task: the best ones where they are kept, else the last.

    Raises:
        DataError: if there is no checkpoint, or it belongs to another model.
    """
    best = task.train_options.keep == "best" and task.train_options.epochs > 0
    path, keys = (BEST, WEIGHTS_KEYS) if best else (CHECKPOINT, _CHECKPOINT_KEYS)
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
