"""What attributes of another program mean: the type of their values, what names a node, what weighs an edge."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor


def infer(values: list[Any]) -> Tensor | list[Any]:
    """A tensor of numbers that are on every node (int64, bool, or float32 as PyG has it), anything else as it is.

    Example:
        >>> infer([1, 2.5]), infer([1, None]), infer([np.eye(2)[0], np.eye(2)[1]])
        (tensor([1.0000, 2.5000]), [1, None], tensor([[1., 0.],
                [0., 1.]]))
    """
    values = [_plain(value) for value in values]
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return torch.tensor(values)
    if kinds and kinds <= {int, float}:
        try:
            return torch.tensor(values, dtype=torch.int64 if kinds == {int} else torch.float32)
        except (OverflowError, RuntimeError):  # an integer of more than 64 bits
            return values
    if kinds == {list}:
        try:
            array = np.array(values)
        except ValueError:  # lists of different lengths
            return values
        if array.dtype.kind in "biuf":
            return torch.from_numpy(array.astype(np.float32) if array.dtype.kind == "f" else array)
    return values


def _plain(value: Any) -> Any:
    """What numpy and torch hold, as lists and numbers of Python."""
    return value.tolist() if isinstance(value, (np.ndarray, np.generic, Tensor)) else value


def name_nodes(store: dict[str, Any], ids: list[Any]) -> None:
    """Without a ``name`` it is the ``label``, else the id."""
    if "name" in store:
        return
    label = store.get("label")
    if isinstance(label, list) and all(isinstance(text, str) for text in label):
        store["name"] = store.pop("label")
    else:
        store["name"] = [str(key) for key in ids]


def weigh_edges(store: dict[str, Any]) -> None:
    """A ``weight`` of numbers is what PyG calls ``edge_weight``."""
    if isinstance(store.get("weight"), Tensor) and "edge_weight" not in store:
        store["edge_weight"] = store.pop("weight")
