"""Groups of training clips that are held out together, so that no clip is scored by a model that has seen it."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor


def inner_folds(store: Any, train: Int[Tensor, " m"], parts: int = 5) -> Int[Tensor, " m"]:
    """Hold-out group of every training clip: its published fold, else its source file's, else round robin by class.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> data = HeteroData()
        >>> data["audio"].fold = torch.tensor([1, 2, 3])
        >>> inner_folds(data["audio"], torch.tensor([1, 2]))
        tensor([2, 3])
    """
    fold = getattr(store, "fold", None)
    if fold is not None and len(set(fold[train].tolist())) > 1:
        published: Tensor = fold[train]
        return published
    source = getattr(store, "source_file", None)
    y = store.y[train]
    if source is not None:
        order = {name: number for number, name in enumerate(dict.fromkeys(source[int(i)] for i in train))}
        return torch.tensor([order[source[int(i)]] % parts for i in train])
    rank = torch.zeros_like(y)
    for label in y.unique():
        of_class = y == label
        rank[of_class] = torch.arange(int(of_class.sum()))
    return rank % parts
