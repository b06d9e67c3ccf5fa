"""A HeteroData on disk as plain dictionaries of tensors, loaded without unpickling any class."""

from __future__ import annotations

from pathlib import Path

import torch
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.files import atomic_path


def save_graph(data: HeteroData, path: str | Path) -> None:
    """Write a graph to ``path``, whole or not at all.

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
        torch.save(data.to_dict(), temporary)


def load_graph(path: str | Path) -> HeteroData:
    """Read a graph that `save_graph` wrote; ``weights_only=True``, so that a file cannot run code.

    Raises:
        DataError: if the file is missing or is not such a graph.
    """
    try:
        content = torch.load(path, weights_only=True)
        return HeteroData.from_dict(content)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; the run has not finished (avgraph resume continues it)") from None
    except Exception as error:  # torch.load raises many types for a damaged file
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path}: not a graph that avgraph wrote: {first}") from None
