"""What encoders and transforms read from the nodes of a graph, with errors that say what it has instead."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import GraphError, hint
from avgraph.graph.spaces import spaces_of, state_name

MASKS = ("train_mask", "val_mask", "test_mask")

# Attributes with one entry per node, the most telling first.
_PER_NODE = ("x", "y", "name", "score", *MASKS)


def node_store(data: HeteroData, node: str) -> Any:
    """The store of node type ``node``.

    Raises:
        GraphError: if ``data`` is no graph or has no such nodes; it names the types there are.

    Example:
        >>> node_store(HeteroData(audio={"x": torch.eye(2)}), "adio")
        Traceback (most recent call last):
        avgraph.errors.GraphError: no node type 'adio'; did you mean 'audio'? the graph has: audio
    """
    if not isinstance(data, HeteroData):
        raise GraphError(f"expected a HeteroData graph, got {type(data).__name__}")
    if node not in data.node_types:
        raise GraphError(f"no node type {node!r}; {hint(node, data.node_types, 'the graph has')}")
    return data[node]


def node_attribute(data: HeteroData, node: str, attribute: str) -> Any:
    """``data[node][attribute]``.

    Raises:
        GraphError: if the nodes or the attribute are missing; it names those there are.

    Example:
        >>> node_attribute(HeteroData(audio={"y": torch.tensor([1])}), "audio", "x")
        Traceback (most recent call last):
        avgraph.errors.GraphError: node type 'audio' has no 'x'; it has: y
    """
    store = node_store(data, node)
    if attribute not in store:
        raise GraphError(f"node type {node!r} has no {attribute!r}; {hint(attribute, store.keys(), 'it has')}")
    return store[attribute]


def node_count(data: HeteroData, node: str) -> int:
    """Number of nodes of a type: ``num_nodes`` where it is set, else the length of what is there per node or space.

    Raises:
        GraphError: if the nodes are missing or have nothing to be counted by.

    Example:
        >>> node_count(HeteroData(label={"name": ["dog", "rain"]}), "label")
        2
    """
    store = node_store(data, node)
    if "num_nodes" in store:
        return int(store["num_nodes"])
    for attribute in (*_PER_NODE, *map(state_name, spaces_of(store))):
        if attribute in store:
            return len(store[attribute])
    raise GraphError(f"node type {node!r} has none of {', '.join(_PER_NODE)}: its nodes cannot be counted")


def node_vector(data: HeteroData, node: str, attribute: str, dtype: torch.dtype) -> Tensor:
    """A tensor attribute with one value of ``dtype`` per node.

    Shapes:
        → [n]

    Raises:
        GraphError: if it is missing or of another type or shape.

    Example:
        >>> node_vector(HeteroData(audio={"y": torch.tensor([1, 0])}), "audio", "y", torch.int64)
        tensor([1, 0])
    """
    value, rows = node_attribute(data, node, attribute), node_count(data, node)
    if not isinstance(value, Tensor) or value.shape != (rows,) or value.dtype != dtype:
        got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise GraphError(f"{node}.{attribute}: expected {dtype} [{rows}], got {got}")
    return value


def node_labels(data: HeteroData, node: str) -> Tensor:
    """``y`` of every node, a whole number of any type; -1 is none.

    Shapes:
        → int64 [n]

    Raises:
        GraphError: if it is missing or no whole number a node.

    Example:
        >>> node_labels(HeteroData(audio={"y": torch.tensor([1, 0], dtype=torch.int32)}), "audio")
        tensor([1, 0])
    """
    y = node_attribute(data, node, "y")
    narrow = isinstance(y, Tensor) and y.dtype in (torch.int8, torch.uint8, torch.int16, torch.int32)
    return node_vector(data, node, "y", y.dtype if narrow else torch.int64).long()


def check_finite(name: str, value: Tensor, first: int = 0) -> None:
    """Refuse NaN and infinity in a matrix; ``first`` is the number of its first row, for the message.

    Shapes:
        value [n, d]

    Raises:
        GraphError: naming the first row that has one.

    Example:
        >>> check_finite("audio.x", torch.tensor([[0.0], [float("nan")]]))
        Traceback (most recent call last):
        avgraph.errors.GraphError: audio.x: row 1, column 0 is nan
    """
    wrong = ~value.isfinite().all(dim=1)
    if wrong.any():
        row = int(wrong.nonzero()[0])
        column = int((~value[row].isfinite()).nonzero()[0])
        raise GraphError(f"{name}: row {first + row}, column {column} is {float(value[row, column])}")
