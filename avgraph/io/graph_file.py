"""A HeteroData on disk as plain dictionaries of tensors, loaded without unpickling any class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import DataError, reason_of
from avgraph.io.files import atomic_path
from avgraph.io.files_read import note_read
from avgraph.io.mapped_rows import is_whole_map, private
from avgraph.io.reading import check_regular
from avgraph.io.torch_file import load_tensors
from avgraph.io.writing import save_tensors

_PLAIN = (Tensor, str, bool, int, float, type(None))


def check_storable(data: HeteroData) -> None:
    """Refuse what `save_graph` cannot write.

    Raises:
        DataError: naming the attribute that is neither a tensor or array nor text, numbers or collections of these.

    Example:
        >>> data = HeteroData()
        >>> data["audio"].made = object()
        >>> check_storable(data)
        Traceback (most recent call last):
        avgraph.errors.DataError: graph: audio.made: expected a tensor, an array, text or numbers, got object
    """
    _walk(data.to_dict(), "", lambda value: value)


def _walk(value: Any, where: str, of_array: Callable[[Any], Any]) -> Any:
    """The same without numpy's types, arrays by ``of_array``."""
    if isinstance(value, Mapping):
        return {key: _walk(inner, f"{where}.{_named(key)}" if where else _named(key), of_array)
                for key, inner in value.items()}  # fmt: skip
    if isinstance(value, list | tuple):
        parts = [_walk(inner, where, of_array) for inner in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        return of_array(value)
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        return value.item()
    if not isinstance(value, _PLAIN):
        got = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise DataError(f"graph: {where}: expected a tensor, an array, text or numbers, got {got}")
    return value


def _named(key: Any) -> str:
    return "-".join(key) if isinstance(key, tuple) else str(key)


def _plain(array: Any) -> Any:
    if array.dtype.kind == "U":
        return array.tolist()
    own = private(array) if is_whole_map(array) else np.array(array)  # a map is written from its file
    return torch.from_numpy(own)


def save_graph(data: HeteroData, path: str | Path) -> None:
    """Write a graph to ``path``, whole or not at all; arrays become tensors, arrays of text lists.

    Raises:
        DataError: as `check_storable`.

    Example:
        >>> import tempfile
        >>> data = HeteroData()
        >>> data["audio"].x = torch.eye(2)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_graph(data, f"{folder}/graph.pt")
        ...     load_graph(f"{folder}/graph.pt")["audio"].x.shape
        torch.Size([2, 2])
    """
    with atomic_path(path) as temporary:
        save_tensors(_walk(data.to_dict(), "", _plain), temporary)


def load_graph(path: str | Path, made: Callable[[Any], HeteroData] = HeteroData.from_dict) -> HeteroData:
    """Read a graph that `save_graph` wrote; ``weights_only=True``, so that a file cannot run code.

    Args:
        path: the file.
        made: the graph of what the file holds.

    Raises:
        DataError: if the file is missing or is not such a graph.
    """
    if not Path(path).exists():
        raise DataError(f"{path}: no such file; the run has not finished (avgraph resume continues it)")
    check_regular(path)
    note_read(path)
    try:
        return made(load_tensors(Path(path)))
    except Exception as error:  # torch.load raises many types for a damaged file
        if "torch_geometric" in str(error) and "GLOBAL" in str(error):
            told = "it holds objects, which are not unpickled; write torch.save(graph.to_dict(), FILE)"
            raise DataError(f"{path}: {told}") from None
        raise DataError(f"{path}: not a saved graph: {reason_of(error)}") from None
