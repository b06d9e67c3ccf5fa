"""Train, validation and test masks from published folds, and the check that every class can be learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from avgraph.errors import DataError, first_few


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
