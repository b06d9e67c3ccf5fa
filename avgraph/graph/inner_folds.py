"""Inner folds of the training rows, so that none is scored by what has seen it."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from avgraph.errors import DataError


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


def check_folds(encoder: str, y: Int[Tensor, " m"], groups: Int[Tensor, " m"]) -> None:
    """Refuse training rows that leave nothing to tell apart where the rows of one fold are held out.

    Args:
        encoder: to be named.
        y: class of every training row.
        groups: its fold, see `inner_folds`.

    Raises:
        DataError: if they are of one class, or but one class has rows outside a fold; it names a class that has none.

    Example:
        >>> check_folds("perceptron", torch.tensor([0, 1]), torch.tensor([0, 0]))
        Traceback (most recent call last):
        avgraph.errors.DataError: perceptron: expected at least 2 training rows a class, in two folds; of ...
    """
    classes = y.unique()
    if len(classes) < 2:
        raise DataError(f"{encoder}: the training rows hold {len(classes)} class; expected at least 2")
    for fold in groups.unique():
        if len(y[groups != fold].unique()) < 2:
            count = y[groups == fold].bincount(minlength=int(y.max()) + 1)
            alone = next(number for number in classes.tolist() if count[number] == (y == number).sum())
            told = f"of class {alone} all ({int(count[alone])}) are in one"
            raise DataError(f"{encoder}: expected at least 2 training rows a class, in two folds; {told}")
