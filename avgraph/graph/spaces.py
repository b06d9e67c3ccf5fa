"""How a graph holds spaces of embeddings: ``data[node]["x_<space>"]`` are the rows of a node type in a space.

A node type with states in several spaces is what these overlap in: row i is the same item in each. Rows outside
``train_mask`` are held out; a node type without that mask is for training as a whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

_PREFIX = "x_"


def state_name(space: str) -> str:
    """Attribute that holds the rows of a node type in ``space``.

    Example:
        >>> state_name("clip")
        'x_clip'
    """
    return f"{_PREFIX}{space}"


def spaces_of(store: Any) -> list[str]:
    """The spaces that a node type has rows in.

    Example:
        >>> data = HeteroData(text={"x_clip": torch.eye(2), "x_clap": torch.eye(2), "name": ["a", "b"]})
        >>> spaces_of(data["text"])
        ['clip', 'clap']
    """
    kinds = (Tensor, np.ndarray)
    names = (key for key, value in store.items() if key.startswith(_PREFIX) and isinstance(value, kinds))
    return [name.removeprefix(_PREFIX) for name in names]


def holders(data: HeteroData, *, training: bool = False) -> dict[str, list[str]]:
    """Space → the node types with rows in it.

    Args:
        data: the graph.
        training: only node types with rows to train on.

    Example:
        >>> text = {"x_clip": torch.eye(2), "x_clap": torch.eye(2)}
        >>> holders(HeteroData(text=text, audio={"x_clap": torch.eye(2), "train_mask": torch.zeros(2).bool()}))
        {'clip': ['text'], 'clap': ['text', 'audio']}
    """
    found: dict[str, list[str]] = {}
    for node in data.node_types:
        if training and not bool(torch.as_tensor(data[node].get("train_mask", True)).any()):
            continue
        for space in spaces_of(data[node]):
            found.setdefault(space, []).append(node)
    return found
