"""Features and class scores that another program has computed."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.encoders.vectors import Precomputed
from avgraph.errors import DataError
from avgraph.graph.nodes import node_store
from avgraph.io.arrays import read_array

# Attributes with one entry per node, which a file must agree with.
_PER_NODE = ("x", "y", "name", "score", "train_mask", "val_mask", "test_mask")


def encode(options: Precomputed, data: HeteroData, node: str) -> HeteroData:
    """A shallow copy of ``data`` with ``data[node].x`` and maybe ``data[node].score``."""
    store = node_store(data, node)
    if options.x is None and "x" not in store:
        raise DataError(f"{node}.x: the dataset gives none; expected precomputed: x, a file of features")
    data = copy.copy(data)
    for attribute, reference in (("x", options.x), ("score", options.score)):
        if reference is not None:
            given = read_array(reference)
            _check_rows(reference, len(given) if given.ndim else 0, store, attribute)
            data[node][attribute] = _matrix(reference, given)
        elif attribute in store:
            data[node][attribute] = kept_features(f"{node}.{attribute}", store[attribute])
    return data


def encode_new(options: Precomputed, data: HeteroData, node: str) -> HeteroData:
    """A shallow copy of ``data`` whose ``x``, and ``score`` where the run has scores, are those that new rows have."""
    data = copy.copy(data)
    for attribute in ("x", *(["score"] if options.score is not None else [])):
        if attribute not in data[node]:
            told = "those of the run are in a file, which has none of new rows; give them with the rows"
            raise DataError(f"precomputed: new {node!r} rows have no {attribute!r}; {told}")
        data[node][attribute] = kept_features(f"{node}.{attribute}", data[node][attribute])
    return data


def _check_rows(name: str, rows: int, store: Any, replaced: str) -> None:
    """The file must have as many rows as there are nodes; ``replaced`` is what it takes the place of."""
    for attribute in _PER_NODE:
        if attribute in store and attribute != replaced and len(store[attribute]) != rows:
            raise DataError(f"{name}: expected {len(store[attribute])} rows, as {attribute!r} has, got {rows}")


def _matrix(name: str, value: npt.NDArray[Any]) -> Tensor:
    if value.ndim != 2 or value.dtype.kind not in "fiu":
        raise DataError(f"{name}: expected numbers [n, d], got {value.dtype} {list(value.shape)}")
    # A copy: the file is mapped read-only. A number beyond float32 becomes infinite and is refused below.
    with np.errstate(over="ignore"):
        return _finite(name, torch.from_numpy(np.array(value, dtype=np.float32)))


def kept_features(name: str, value: Any) -> Tensor:
    """Features that the data set gave, as float32.

    Raises:
        DataError: naming them, if they are no finite floating-point matrix.

    Example:
        >>> kept_features("audio.x", torch.eye(2, dtype=torch.float64)).dtype
        torch.float32
    """
    if not isinstance(value, Tensor) or value.dim() != 2 or not value.is_floating_point():
        got = f"{value.dtype} {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise DataError(
            f"{name}: expected floating-point features [n, d] from the dataset, got {got}; "
            "name a file of features, or choose an encoder for what the dataset gives"
        )
    return _finite(name, value.float())


def _finite(name: str, value: Tensor) -> Tensor:
    wrong = ~value.isfinite().all(dim=1)
    if wrong.any():
        row = int(wrong.nonzero()[0])
        column = int((~value[row].isfinite()).nonzero()[0])
        raise DataError(f"{name}: row {row}, column {column} is {float(value[row, column])} in float32")
    return value
