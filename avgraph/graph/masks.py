"""Train, validation and test masks from published folds, and the check that every class can be learned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int64
from torch import Tensor
from torch_geometric.data import HeteroData

from avgraph.errors import DataError, first_few
from avgraph.graph.nodes import MASKS
from avgraph.graph.vocabulary import show_edge


class Masks(NamedTuple):
    """Boolean masks over the nodes of one type."""

    train: Tensor
    val: Tensor
    test: Tensor


def fold_masks(folds: Int64[Tensor, " n"], fold: int, val_fold: int | None = None) -> Masks:
    """Test on ``fold``, validate on ``val_fold`` (nowhere if None), train on the rest.

    Shapes:
        folds [n] (1-based) → three bool masks [n] that cover every row exactly once.

    Example:
        >>> masks = fold_masks(torch.tensor([1, 2, 3]), fold=1, val_fold=3)
        >>> masks.train.tolist(), masks.val.tolist(), masks.test.tolist()
        ([False, True, False], [False, False, True], [True, False, False])
    """
    test = folds == fold
    val = folds == val_fold if val_fold is not None else torch.zeros_like(test)
    return Masks(~(test | val), val, test)


def check_class_coverage(
    y: Int64[Tensor, " n"], train_mask: Bool[Tensor, " n"], classes: Sequence[str], where: str
) -> None:
    """Check that every class has a training example.

    Raises:
        DataError: naming ``where`` and the classes without one.

    Example:
        >>> check_class_coverage(torch.tensor([0, 1]), torch.tensor([True, False]), ["dog", "cat"], "esc50")
        Traceback (most recent call last):
        avgraph.errors.DataError: esc50: no training example of class 'cat'; every class needs one
    """
    count = torch.bincount(y[train_mask], minlength=len(classes))
    empty = [classes[index] for index in (count == 0).nonzero().flatten().tolist()]
    if empty:
        named = first_few([repr(name) for name in empty])
        raise DataError(f"{where}: no training example of class {named}; every class needs one")


def check_one_split(data: HeteroData) -> None:
    """Refuse nodes and edges that are in two splits: numbers of rows that were trained on say nothing.

    Raises:
        DataError: naming the type, the splits and the first row.

    Example:
        >>> both = torch.tensor([False, True])
        >>> check_one_split(HeteroData(clip={"train_mask": both, "test_mask": both}))
        Traceback (most recent call last):
        avgraph.errors.DataError: clip: row 1 is in train_mask and in test_mask; expected every row in one split at most
    """
    for kind, store in [*data.node_items(), *data.edge_items()]:
        there = [name for name in MASKS if isinstance(store.get(name), Tensor)]
        for one, other in combinations(there, 2):
            if len(rows := (store[one] & store[other]).nonzero()):
                where = show_edge(kind) if isinstance(kind, tuple) else kind
                told = f"row {int(rows[0])} is in {one} and in {other}"
                raise DataError(f"{where}: {told}; expected every row in one split at most")
