"""Inner folds of the training rows, so that none is scored by what has seen it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import DataError
from avgraph.graph.class_names import class_names

logger = logging.getLogger(__name__)


def inner_folds(store: Any, train: Int[Tensor, " m"], parts: int = 5) -> Int[Tensor, " m"]:
    """Hold-out group of every training row: its published fold, else its recordings dealt to ``parts`` class by class.

    A recording (``source_file``) is dealt whole, with the class of its first row, so that every class with as many
    recordings is in every group; where the store names none, every row is one.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> data = HeteroData()
        >>> data["audio"].y = torch.tensor([0, 0, 1, 1])
        >>> inner_folds(data["audio"], torch.arange(4), parts=2)
        tensor([0, 1, 0, 1])
        >>> data["audio"].fold = torch.tensor([1, 2, 3, 3])
        >>> inner_folds(data["audio"], torch.tensor([1, 2]))
        tensor([2, 3])
    """
    fold = _published_fold(store, train)
    if fold is not None:
        return fold
    recording = _recording(store, train)
    first = torch.full((int(recording.max()) + 1,), len(train))
    first = first.scatter_reduce(0, recording, torch.arange(len(train)), "amin")
    y = store.y[train][first]
    rank = torch.zeros_like(y)
    for label in y.unique():
        of_class = y == label
        rank[of_class] = torch.arange(int(of_class.sum()))
    return (rank % parts)[recording]


def origins(store: Any, train: Int[Tensor, " m"]) -> Int[Tensor, " m"]:
    """Number of what every training row was taken from: its published fold, else its recording, else itself.

    Example:
        >>> from torch_geometric.data import HeteroData
        >>> data = HeteroData(audio={"source_file": ["a", "b", "a"]})
        >>> origins(data["audio"], torch.arange(3))
        tensor([0, 1, 0])
    """
    fold = _published_fold(store, train)
    return _recording(store, train) if fold is None else fold


def _published_fold(store: Any, train: Tensor) -> Tensor | None:
    """Where the training rows are of more than one."""
    fold = getattr(store, "fold", None)
    if fold is None or len(fold[train].unique()) < 2:
        return None
    published: Tensor = fold[train]
    return published


def _recording(store: Any, train: Tensor) -> Tensor:
    """Numbers in the order of the rows."""
    source = getattr(store, "source_file", None)
    if source is None:
        return torch.arange(len(train))
    names = [source[row] for row in train.tolist()]
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return torch.tensor([number[name] for name in names])


def checked_folds(encoder: str, data: HeteroData, node: str, train: Int[Tensor, " m"]) -> Int[Tensor, " m"]:
    """`inner_folds` of training rows, refused where one that is held out leaves nothing to tell apart.

    A class of which one fold has all rows is warned of: what scores them does not know it.

    Args:
        encoder: to be named.
        data: the graph, which may know what classes are called.
        node: type of the rows, with ``y``.
        train: numbers of the training rows, each with a class.

    Raises:
        DataError: if they are of one class, or but one class has rows outside a fold; it names a class that has none.

    Example:
        >>> data = HeteroData(audio={"y": torch.tensor([0, 1]), "source_file": ["tape", "tape"]})
        >>> checked_folds("perceptron", data, "audio", torch.arange(2))
        Traceback (most recent call last):
        avgraph.errors.DataError: perceptron: expected at least 2 training rows ...; of class 0 all (1) are in one
    """
    y, groups, names = data[node].y[train], inner_folds(data[node], train), class_names(data, node)
    classes = y.unique()
    if len(classes) < 2:
        raise DataError(f"{encoder}: the training rows hold {len(classes)} class; expected at least 2")
    for fold in groups.unique():
        if len(y[groups != fold].unique()) < 2:
            count = y[groups == fold].bincount(minlength=int(y.max()) + 1)
            alone = next(number for number in classes.tolist() if count[number] == (y == number).sum())
            told = f"of class {_called(alone, names)} all ({int(count[alone])}) are in one"
            raise DataError(f"{encoder}: expected at least 2 training rows a class, in two folds; {told}")
    pair = torch.stack([y, groups], 1).unique(dim=0)
    label, folds = pair[:, 0].unique(return_counts=True)
    if len(alone_in_one := label[folds == 1]):
        some = ", ".join(_called(number, names) for number in alone_in_one[:5].tolist())
        told = f"{len(alone_in_one)} of {len(classes)} classes ({some}"
        told += ", …)" if len(alone_in_one) > 5 else ")"
        logger.warning(
            "%s: %s have all their training rows in one fold, or recording: these are scored by what has not seen "
            "their class", encoder, told,
        )  # fmt: skip
    return groups


def _called(number: int, names: Mapping[int, str]) -> str:
    return repr(names[number]) if number in names else str(number)
